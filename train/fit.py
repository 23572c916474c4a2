"""`python -m train fit`: start a run, or go on with it, and train it to its end."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from rich.console import Console

from train import bundled, checkpoint
from train.config import FitArguments, FitConfig
from train.course import carry_out, make_folder, open_images, say, where
from train.data import ImageSet, choose, list_images, load_profile
from train.engine import Engine
from train.errors import BadCheckpoint, BadData
from train.resume import another_network, changes, go_on, take_over
from train.state import HIDDEN, State
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
    if config.normals is not None:
        _check_names(config.normals, config.c)
    size = config.network.size
    v = open_images(config.v, size, config, console, load_profile(config.profile))
    c = open_images(config.c, size, config, console)
    normals = _open_normals(config, c, console)
    counts = f"{len(v)} v, {len(c)} c" + (" with normals" if normals is not None else "")
    say(console, f"{config.method}, {counts}, {where(config, engine)}. {why}")
    task = Unpaired(config=config, engine=engine, state=state, v=v, c=c, normals=normals)
    carry_out(task, progress, console)


def _with_images(asked: FitConfig | FitArguments) -> tuple[str, FitConfig]:
    """Which images are V and C, and why."""
    if isinstance(asked, FitConfig):
        return "V and C as given", asked
    found = choose(asked.data, asked.v, asked.c, swap=asked.swap)
    given = {f.name: getattr(asked, f.name) for f in dataclasses.fields(asked)}
    options = {k: value for k, value in given.items() if k not in ("data", "v", "c", "swap")}
    if asked.normals is None and asked.practises:
        options["normals"] = found.normals
    return found.why, FitConfig(v=found.v, c=found.c, **options)


def _open_normals(config: FitConfig, c: ImageSet, console: Console) -> ImageSet | None:
    """The normal passes, one for each picture of C. Raises `BadData`."""
    if config.normals is None:
        return None
    normals = open_images(config.normals, config.network.size, config, console)
    _check_partners(config.normals, normals.names, config.c, c.names)
    return normals


def _check_names(normals: Path, c: Path) -> None:
    """Before either is decoded, which takes minutes. Raises `BadData`."""
    try:
        names = [tuple(path.name for path in list_images(folder)) for folder in (normals, c)]
    except BadData as error:
        raise BadData(f"{error}; --normals goes with C, picture by picture") from None
    _check_partners(normals, names[0], c, names[1])


def _check_partners(
    normals: Path, normals_names: tuple[str, ...], c: Path, c_names: tuple[str, ...]
) -> None:
    odd = sorted(set(normals_names) ^ set(c_names))
    if odd:
        raise BadData(
            f"{normals} has {len(normals_names)} pictures, {c} has {len(c_names)}: each render "
            f"needs its normal pass, under its own name; {len(odd)} have no partner, such as "
            f"{odd[0]}"
        )


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
        optimizer = "muon" if saved.under(HIDDEN) else "adam"
        if optimizer != config.usual_optimizer:
            raise BadCheckpoint(
                f"{saved.path} was trained with --optimizer {optimizer}: give that to go on, or "
                f"choose another --out, and --init {config.out} to start from its networks"
            )
        go_on(state, config, saved)
        before = dataclasses.replace(saved.config, optimizer=config.optimizer)  # compared above
        for change in changes(before, config):
            say(console, f"from here on another --{change}")
        return saved.progress
    if config.init is not None and _begin(state, config, config.init):
        say(console, f"the larger copy that {config.init} works on is left out: none was asked for")
    return {}


def _begin(state: State, config: FitConfig, init: Path) -> bool:
    """Fill the state with the networks of another run, or with the D_C of a bundle. Whether some of
    that was left out; see `take_over`. Raises `BadCheckpoint`."""
    content = state.networks.disentangler.content
    if bundled.is_bundle(init):
        first = bundled.load(init)
        path, network = first.path, first.network
        parts = [(content, first.content), (state.content_ema, first.content)]
    else:
        saved = checkpoint.load(init)
        if not isinstance(saved.config, FitConfig):
            raise BadCheckpoint(
                f"--init {saved.path} is a student of `train distill`, D_C alone: give a run of "
                "`train fit`, or the bundle that was made of it"
            )
        path, network = saved.path, saved.config.network
        alone = config.method == "restoration"  # no other network is asked to fit
        parts = [
            (content, saved.under("networks.disentangler.content"))
            if alone
            else (state.networks, saved.under("networks")),
            (state.content_ema, saved.under("content_ema")),
        ]
    try:
        left_out = [take_over(module, weights) for module, weights in parts]
    except RuntimeError as error:
        raise another_network(path, network, config.network, "--init ") from error
    return any(left_out)
