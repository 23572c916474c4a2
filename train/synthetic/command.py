"""`python -m train synthetic`: train all runs, measure them, write synthetic.json and .png."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from train.errors import TrainError
from train.synthetic import state
from train.synthetic.config import SyntheticConfig
from train.synthetic.experiment import Experiment
from train.synthetic.plot import draw
from train.synthetic.report import as_json, outcomes, table

SAVE_EVERY_S = 60.0
PACE = 50
"""Steps until the progress bar moves."""


def run(config: SyntheticConfig) -> None:
    """Train to `config.steps`, from where an earlier run into the same folder stopped; report."""
    torch.set_num_threads(1)  # the experiment's own threads are the better ones
    _prepare(config.out)
    console = Console(stderr=True)
    experiment, curves = Experiment(config), state.Curves()
    seconds = state.load(experiment, curves)
    kinds = len(experiment.kinds)
    console.print(f"{kinds} kinds of run, {config.seeds} seeds each: {kinds * config.seeds} runs")
    seconds = _train(experiment, curves, seconds, console)

    results = outcomes(experiment, curves)
    content = as_json(config, results, curves, seconds)
    with _writing(config.out):
        (config.out / "synthetic.json").write_text(json.dumps(content) + "\n")
        draw(config.out / "synthetic.png", config, results, curves)
    Console().print(table(results))
    console.print(
        f"{config.out}/synthetic.json, synthetic.png; trained {seconds:.0f} s, "
        f"{1000 * seconds / config.steps:.1f} s per 1000 steps on {config.threads} threads"
    )


def _train(
    experiment: Experiment, curves: state.Curves, before_s: float, console: Console
) -> float:
    """Returns the seconds of training in all, earlier ones included."""
    config = experiment.config
    points = {round(config.steps * (i + 1) / config.points) for i in range(config.points)}
    start = saved = time.monotonic()
    try:
        with _bar(experiment, console) as advance:
            if not curves.steps:
                curves.add(experiment)
            for stop in sorted(points.union(range(PACE, config.steps, PACE))):
                if stop < experiment.done or stop in curves.steps:
                    continue
                experiment.advance(stop)
                advance(stop)
                if stop in points:
                    curves.add(experiment)
                if time.monotonic() - saved > SAVE_EVERY_S:
                    state.save(experiment, curves, before_s + time.monotonic() - start)
                    saved = time.monotonic()
    except KeyboardInterrupt:
        path = state.save(experiment, curves, before_s + time.monotonic() - start)
        console.print(f"stopped at step {experiment.done}; the same command goes on from {path}")
        raise SystemExit(130) from None
    seconds = before_s + time.monotonic() - start
    state.save(experiment, curves, seconds)
    return seconds


@contextmanager
def _bar(experiment: Experiment, console: Console) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=experiment.config.steps, completed=experiment.done)
        yield lambda done: bar.update(task, completed=done)


def _prepare(out: Path) -> None:
    with _writing(out):
        out.mkdir(parents=True, exist_ok=True)
        probe = out / ".writable"
        probe.touch()
        probe.unlink()


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    """Whatever goes wrong with the folder becomes a `TrainError` that names it."""
    try:
        yield
    except OSError as error:
        raise TrainError(f"--out {out} cannot be written: {error}") from error
