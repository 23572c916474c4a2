"""`python -m train fit`: run the steps, keep checkpoints, log and samples."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from train import checkpoint
from train.config import FitConfig
from train.data import ImageSet
from train.errors import BadCheckpoint, Diverged
from train.samples import write_samples
from train.state import State
from train.step import METHODS

LOG_EVERY = 20


def run(config: FitConfig) -> None:
    """Train to `config.steps`, from the run's newest checkpoint if it has one."""
    torch.set_num_threads(config.threads)
    state, progress = _start(config)
    cache = config.out / "cache"
    v = ImageSet(config.v, config.network.size, cache)
    c = ImageSet(config.c, config.network.size, cache)
    console = Console(stderr=True)
    for images, name in ((v, config.v), (c, config.c)):
        if images.unreadable:
            console.print(f"{name}: left out {len(images.unreadable)} unreadable images")
    console.print(f"{config.method}, {len(v)} v, {len(c)} c, step {state.step} of {config.steps}")
    try:
        with _bar(config, state.step, console) as advance:
            _loop(state, config, v, c, progress, advance)
    except KeyboardInterrupt:
        console.print(f"stopped; saved {checkpoint.save(state, config, progress)}")
        raise SystemExit(130) from None
    console.print(f"done: {checkpoint.save(state, config, progress)}")


class _Advance:
    """Moves the progress bar and shows the newest losses."""

    def __init__(self, bar: Progress, task: object) -> None:
        self._bar, self._task = bar, task

    def __call__(self, losses: dict[str, float]) -> None:
        text = " ".join(f"{name} {value:.3f}" for name, value in losses.items())
        self._bar.update(self._task, advance=LOG_EVERY, losses=text)  # type: ignore[arg-type]


def _loop(
    state: State,
    config: FitConfig,
    v: ImageSet,
    c: ImageSet,
    progress: dict[str, float],
    advance: _Advance,
) -> None:
    step_fn = METHODS[config.method]
    with (config.out / "log.jsonl").open("a", buffering=1) as log:
        sums: dict[str, torch.Tensor] = {}
        before = time.monotonic()
        while state.step < config.steps:
            k = state.step
            state.set_lr(config)
            losses = step_fn(
                state,
                config,
                v.batch(k, config.batch, config.seed),
                v.batch(k, config.batch, config.seed + 1),
                c.batch(k, config.batch, config.seed + 2),
            )
            state.update_ema(config.ema)
            state.step += 1
            for name, value in losses.items():
                sums[name] = sums.get(name, torch.zeros(())) + value
            if state.step % LOG_EVERY == 0:
                now = time.monotonic()
                progress["seconds"] = progress.get("seconds", 0.0) + now - before
                means = {name: value.item() / LOG_EVERY for name, value in sums.items()}
                row = {"step": state.step, "step_s": (now - before) / LOG_EVERY, **means}
                log.write(json.dumps(row) + "\n")
                _check(state.step, means)
                advance(means)
                before, sums = now, {}
            if state.step % config.sample_every == 0:
                write_samples(state, config, v, c)
            if state.step % config.checkpoint_every == 0:
                checkpoint.save(state, config, progress)


def _check(step: int, means: dict[str, float]) -> None:
    if not all(abs(value) < float("inf") for value in means.values()):
        raise Diverged(
            f"step {step}: a loss is not finite: {means}. The last checkpoint is from before; "
            "lower --lr or --adversary-lr and start again from it with --init"
        )


def _start(config: FitConfig) -> tuple[State, dict[str, float]]:
    """A new run, or the one in `config.out` as its newest checkpoint left it."""
    config.out.mkdir(parents=True, exist_ok=True)
    state = State(config)
    if checkpoint.newest(config.out) is not None:
        saved = checkpoint.load(config.out)
        _load(state, saved.path, saved.config.network == config.network, saved.tensors, saved.step)
        return state, saved.progress
    if config.init is not None:
        first = checkpoint.load(config.init)
        try:
            state.networks.load_state_dict(first.under("networks"))
            state.content_ema.load_state_dict(first.under("content_ema"))
        except RuntimeError as error:
            raise BadCheckpoint(f"--init {config.init}: another network: {error}") from error
    return state, {}


def _load(
    state: State, path: Path, same_network: bool, tensors: dict[str, torch.Tensor], step: int
) -> None:
    if not same_network:
        raise BadCheckpoint(
            f"{path} was trained with another network; choose another --out, or the same --network"
        )
    try:
        state.load(step, tensors)
    except (KeyError, RuntimeError, ValueError) as error:
        raise BadCheckpoint(f"{path} is damaged: {error}") from error


@contextmanager
def _bar(config: FitConfig, step: int, console: Console) -> Iterator[_Advance]:
    columns = (
        *Progress.get_default_columns()[:2],
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[losses]}"),
    )
    with Progress(*columns, console=console, refresh_per_second=2) as bar:
        task = bar.add_task("fit", total=config.steps, completed=step, losses="")
        yield _Advance(bar, task)
