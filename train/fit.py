"""`python -m train fit`: start a run, or go on with it, and train it to its end."""

from __future__ import annotations

import dataclasses
from typing import Any

from rich.console import Console

from train import checkpoint
from train.config import FitArguments, FitConfig
from train.course import carry_out, make_folder, open_images, say, where
from train.data import choose, load_profile
from train.engine import Engine
from train.errors import BadCheckpoint
from train.resume import another_network, changes, go_on, take_over
from train.state import State
from train.unpaired import Unpaired


def run(asked: FitConfig | FitArguments) -> None:
    """Train to the end, from the run's newest checkpoint if it has one. Raises `TrainError`.

    Ctrl-C and SIGTERM: the step is finished and saved, and the program exits with 130 or 143.
    """
    why, config = _with_images(asked)
    engine = Engine(config)
    console = Console(stderr=True, quiet=engine.rank > 0)
    state = State(config)
    engine.adopt(state)
    progress = _start(state, config, console)
    make_folder(config.out)
    size = config.network.size
    v = open_images(config.v, size, config, console, load_profile(config.profile))
    c = open_images(config.c, size, config, console)
    say(console, f"{config.method}, {len(v)} v, {len(c)} c, {where(config, engine)}. {why}")
    carry_out(Unpaired(config=config, engine=engine, state=state, v=v, c=c), progress, console)


def _with_images(asked: FitConfig | FitArguments) -> tuple[str, FitConfig]:
    """Which images are V and C, and why."""
    if isinstance(asked, FitConfig):
        return "V and C as given", asked
    found = choose(asked.data, asked.v, asked.c, swap=asked.swap)
    given = {f.name: getattr(asked, f.name) for f in dataclasses.fields(asked)}
    options = {k: value for k, value in given.items() if k not in ("data", "v", "c", "swap")}
    return found.why, FitConfig(v=found.v, c=found.c, **options)


def _start(state: State, config: FitConfig, console: Console) -> dict[str, Any]:
    """Fill the state: from the run in `config.out`, or from --init; a new run stays as it is."""
    if checkpoint.newest(config.out) is not None:
        saved = checkpoint.load(config.out)
        if not isinstance(saved.config, FitConfig):
            raise BadCheckpoint(
                f"{saved.path} is a student of `train distill`: choose another --out"
            )
        if saved.config.method != config.method:
            raise BadCheckpoint(
                f"{saved.path} was trained with --method {saved.config.method}, not "
                f"{config.method}: choose another --out, and --init {config.out} to start from its "
                "networks"
            )
        go_on(state, config, saved)
        for change in changes(saved.config, config):
            say(console, f"from here on another --{change}")
        return saved.progress
    if config.init is not None:
        first = checkpoint.load(config.init)
        if not isinstance(first.config, FitConfig):
            raise BadCheckpoint(
                f"--init {first.path} is a student of `train distill`, D_C alone: give a run of "
                "`train fit`"
            )
        try:
            if config.method == "restoration":  # no other network is asked to fit
                content = first.under("networks.disentangler.content")
                take_over(state.networks.disentangler.content, content)
            else:
                take_over(state.networks, first.under("networks"))
            take_over(state.content_ema, first.under("content_ema"))
        except RuntimeError as error:
            raise another_network(first, config, "--init ") from error
    return {}
