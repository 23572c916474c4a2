"""`python -m train fit`: start a run, or go on with it, and train it to its end."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console
from torch import Tensor, nn

from calibration.profile import CameraProfile
from train import checkpoint
from train.config import FitArguments, FitConfig
from train.data import ImageSet, choose, load_profile
from train.engine import Engine
from train.errors import BadCheckpoint, TrainError
from train.journal import Journal
from train.loop import Loop
from train.signals import stop_when_asked
from train.state import State


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
    try:
        config.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainError(f"--out {config.out} cannot be made: {error.strerror}") from error
    v = _images(config.v, config, console, load_profile(config.profile))
    c = _images(config.c, config, console)
    where = _where(config, engine)
    console.print(
        f"{config.method}, {len(v)} v, {len(c)} c, {where}. {why}", highlight=False, soft_wrap=True
    )
    console.print(f"step {state.step}; {config.out}/report.html", highlight=False, soft_wrap=True)

    loop = Loop(config=config, engine=engine, state=state, v=v, c=c, where=where)
    loop.resume(progress)
    with ExitStack() as stack:
        stop = stack.enter_context(stop_when_asked())
        if engine.rank == 0:
            loop.journal = stack.enter_context(Journal(config, state.step, where, console))
        loop.run(stop)
    engine.close()
    saved = checkpoint.newest(config.out)
    console.print(
        f"{'stopped' if stop.signal else 'done'}: {saved}", highlight=False, soft_wrap=True
    )
    if stop.signal:
        raise SystemExit(stop.exit_code)


def _with_images(asked: FitConfig | FitArguments) -> tuple[str, FitConfig]:
    """Which images are V and C, and why."""
    if isinstance(asked, FitConfig):
        return "V and C as given", asked
    found = choose(asked.data, asked.v, asked.c, swap=asked.swap)
    given = {f.name: getattr(asked, f.name) for f in dataclasses.fields(asked)}
    options = {k: value for k, value in given.items() if k not in ("data", "v", "c", "swap")}
    return found.why, FitConfig(v=found.v, c=found.c, **options)


def _images(
    folder: Path, config: FitConfig, console: Console, profile: CameraProfile | None = None
) -> ImageSet:
    images = ImageSet(folder, config.network.size, config.out / "cache", config.jitter_px, profile)
    for note in images.notes:
        console.print(f"{folder}: {note}", highlight=False, soft_wrap=True)
    return images


def _where(config: FitConfig, engine: Engine) -> str:
    processes = f"{engine.world} processes" if engine.world > 1 else "one process"
    return f"{engine.device.type}, {processes}, {config.precision}"


def _start(state: State, config: FitConfig, console: Console) -> dict[str, Any]:
    """Fill the state: from the run in `config.out`, or from --init; a new run stays as it is."""
    if checkpoint.newest(config.out) is not None:
        saved = checkpoint.load(config.out)
        _resume(state, config, saved)
        for change in _changes(saved.config, config):
            console.print(f"from here on another --{change}", highlight=False, soft_wrap=True)
        return saved.progress
    if config.init is not None:
        first = checkpoint.load(config.init)
        try:
            _take_over(state.networks, first.under("networks"))
            _take_over(state.content_ema, first.under("content_ema"))
        except RuntimeError as error:
            raise _another_network(first, config, "--init ") from error
    return {}


def _take_over(module: nn.Module, weights: dict[str, Tensor]) -> None:
    """All weights; a refinement that the first run did not have begins as it is."""
    new = {name: t for name, t in module.state_dict().items() if "refinement" in name.split(".")}
    module.load_state_dict(new | weights)


def _resume(state: State, config: FitConfig, saved: checkpoint.Checkpoint) -> None:
    if saved.config.method != config.method:
        raise BadCheckpoint(
            f"{saved.path} was trained with --method {saved.config.method}, not {config.method}: "
            f"choose another --out, and --init {config.out} to start from its networks"
        )
    if saved.config.network != config.network:
        raise _another_network(saved, config)
    try:
        state.load(saved.step, saved.tensors)
    except (KeyError, RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise BadCheckpoint(f"{saved.path} is damaged: {reason}") from error


def _another_network(
    saved: checkpoint.Checkpoint, config: FitConfig, what: str = ""
) -> BadCheckpoint:
    before, now = saved.config.network, config.network
    differ = ", ".join(_changes(before, now)) or "its tensors"
    if before.strided_layers != now.strided_layers:
        differ += f"; --adversary-layers {before.strided_layers} -> {now.strided_layers}"
    return BadCheckpoint(
        f"{what}{saved.path} is of another network ({differ}): ask for the same one, or for "
        "another --out"
    )


def _changes(before: Any, now: Any) -> Iterator[str]:
    """Fields of two configs that differ, as "name old -> new"; where it is kept does not matter."""
    for name in (f.name for f in dataclasses.fields(now) if f.name not in ("out", "init")):
        a, b = getattr(before, name), getattr(now, name)
        if dataclasses.is_dataclass(a):
            yield from _changes(a, b)
        elif a != b:
            yield f"{name} {a} -> {b}"
