"""`carry_out`: a task from where it stands to its end, with a journal, and Ctrl-C as a question."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console

from calibration.profile import CameraProfile
from train import checkpoint
from train.config import RunOptions
from train.data import ImageSet
from train.engine import Engine
from train.errors import TrainError
from train.journal import Journal
from train.loop import Loop
from train.signals import stop_when_asked
from train.task import Task


def make_folder(out: Path) -> None:
    """That of the run. Raises `TrainError`."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainError(f"--out {out} cannot be made: {error.strerror}") from error


def open_images(
    folder: Path,
    size: int,
    config: RunOptions,
    console: Console,
    profile: CameraProfile | None = None,
) -> ImageSet:
    """A domain at `size`, decoded into the run's cache, with its notes told. Raises `BadData`."""
    images = ImageSet(folder, size, config.out / "cache", config.jitter_px, profile)
    for note in images.notes:
        say(console, f"{folder}: {note}")
    return images


def where(config: RunOptions, engine: Engine) -> str:
    """Device, processes and precision, for people."""
    processes = f"{engine.world} processes" if engine.world > 1 else "one process"
    return f"{engine.device.type}, {processes}, {config.precision}"


def say(console: Console, text: str) -> None:
    """A line for people, as it is."""
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def carry_out(task: Task, progress: dict[str, Any], console: Console) -> None:
    """Train to the end. `progress`: that of the checkpoint which the task goes on from, if it does.

    Ctrl-C and SIGTERM: the step is finished and saved, and the program exits with 130 or 143.
    Raises `TrainError`.
    """
    config, engine, state = task.config, task.engine, task.state
    say(console, f"step {state.step}; {config.out}/report.html")
    here = where(config, engine)
    loop = Loop(task=task, where=here)
    loop.resume(progress)
    with ExitStack() as stack:
        stop = stack.enter_context(stop_when_asked())
        if engine.rank == 0:
            loop.journal = stack.enter_context(Journal(config, state.step, here, console))
        loop.run(stop)
    engine.close()
    say(console, f"{'stopped' if stop.signal else 'done'}: {checkpoint.newest(config.out)}")
    if stop.signal:
        raise SystemExit(stop.exit_code)
