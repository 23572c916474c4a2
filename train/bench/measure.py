"""`measure`: the steps of each method in turns, and in each turn the peak of the machine."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import torch
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from calibration.opencv import cv2
from train.bench import BenchConfig
from train.clock import Clock
from train.config import FitConfig, Method
from train.data import ImageSet
from train.engine import Engine
from train.state import State
from train.unpaired import Unpaired

IMAGES = 32
MATMUL_SIZE = 1024
CONV_CHANNELS, CONV_SIZE = 256, 64
"""A convolution of the paper's residual blocks at 256x256."""
HALF = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """What the machine reaches on one large operation, GFLOP/s."""

    matmul: float
    conv: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """A method's step, medians."""

    method: Method
    step_s: float
    parts_s: dict[str, float]
    """Where it goes: data, cycle V, cycle C, adversaries, optimisers, and the rest of it: histories
    and the average of D_C."""
    gflop: float
    """Arithmetic of convolutions, forward and backward, 10^9 operations; a multiply-add is two."""

    @property
    def gflop_per_s(self) -> float:
        return self.gflop / self.step_s


PARTS = ("data", "cycle V", "cycle C", "adversaries", "disturb", "restoration", "optimisers")


class _Runner:
    """A run of one method that takes one step when it is asked to."""

    def __init__(self, config: FitConfig, v: ImageSet, c: ImageSet) -> None:
        gpu = config.accelerator != "cpu" and torch.cuda.is_available()
        self._finish: Callable[[], object] = torch.cuda.synchronize if gpu else lambda: None
        self.clock = Clock(self._finish)
        engine, state = Engine(config, self.clock), State(config)
        engine.adopt(state)
        self.task = Unpaired(config=config, engine=engine, state=state, v=v, c=c)

    def step(self) -> tuple[float, dict[str, float]]:
        """Seconds of a step, and of its parts."""
        state = self.task.state
        self.clock.seconds.clear()
        self._finish()
        start = time.perf_counter()
        self.task.step()
        state.update_ema(self.task.config.ema)
        state.step += 1
        self._finish()
        return time.perf_counter() - start, dict(self.clock.seconds)

    def gflop(self) -> float:
        """Of a step, which it takes."""
        with FlopCounterMode(display=False) as counter:
            self.step()
        return float(counter.get_total_flops()) / 1e9


def measure(config: BenchConfig, advance: Callable[[], None]) -> tuple[Peak, list[Timing]]:
    """Calls `advance` after each turn: `config.warm_up + config.steps` times."""
    with _made_up_images(config.network.size) as folder:
        v, c = (ImageSet(folder / n, config.network.size, folder / "cache") for n in ("v", "c"))
        runners = {method: _Runner(_fit(config, method, folder), v, c) for method in config.methods}
        peaks: list[tuple[float, float]] = []
        turns: dict[Method, list[tuple[float, dict[str, float]]]] = {m: [] for m in runners}
        for turn in range(config.warm_up + config.steps):
            now = {method: runner.step() for method, runner in runners.items()}
            peak = _peak(config, next(iter(runners.values())).task.engine.device)
            if turn >= config.warm_up:
                peaks.append(peak)
                for method, taken in now.items():
                    turns[method].append(taken)
            advance()
        timings = [_timing(m, turns[m], runner.gflop()) for m, runner in runners.items()]
    matmul, conv = (median(values) for values in zip(*peaks, strict=True))
    return Peak(matmul=matmul, conv=conv), timings


def _timing(method: Method, turns: list[tuple[float, dict[str, float]]], gflop: float) -> Timing:
    parts = {name: median(parts.get(name, 0.0) for _, parts in turns) for name in PARTS}
    parts["rest"] = median(step_s - sum(parts.values()) for step_s, parts in turns)
    step_s = median(step_s for step_s, _ in turns)
    return Timing(method=method, step_s=step_s, parts_s=parts, gflop=gflop)


def _fit(config: BenchConfig, method: Method, folder: Path) -> FitConfig:
    return FitConfig(
        v=folder / "v",
        c=folder / "c",
        out=folder,
        method=method,
        network=config.network,
        batch=config.batch,
        accelerator=config.accelerator,
        precision=config.precision,
        threads=config.threads,
    )


def _peak(config: BenchConfig, device: torch.device) -> tuple[float, float]:
    """GFLOP/s of a matrix product and of a convolution."""
    dtype = HALF.get(config.precision, torch.float32)
    a, b = (torch.ones(MATMUL_SIZE, MATMUL_SIZE, device=device, dtype=dtype) for _ in range(2))
    x = torch.ones(1, CONV_CHANNELS, CONV_SIZE, CONV_SIZE, device=device, dtype=dtype)
    w = torch.ones(CONV_CHANNELS, CONV_CHANNELS, 3, 3, device=device, dtype=dtype)
    operations: tuple[tuple[float, Callable[[], object]], ...] = (
        (2 * MATMUL_SIZE**3, lambda: a @ b),
        (2 * (CONV_CHANNELS * CONV_SIZE * 3) ** 2, lambda: functional.conv2d(x, w, padding=1)),
    )
    matmul, conv = (flop / _seconds(operation, device) / 1e9 for flop, operation in operations)
    return matmul, conv


@torch.no_grad()
def _seconds(operation: Callable[[], object], device: torch.device) -> float:
    """Of one call, the best of three rounds that are long enough to be timed."""
    repeats = 1 if device.type == "cpu" else 100
    finish = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    found = []
    for _ in range(3):
        finish()
        start = time.perf_counter()
        for _ in range(repeats):
            operation()
        finish()
        found.append((time.perf_counter() - start) / repeats)
    return min(found)


@contextmanager
def _made_up_images(size: int) -> Iterator[Path]:
    """A folder with v/ and c/; noise takes as long to learn as faces."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        for name in ("v", "c"):
            (Path(folder) / name).mkdir()
            for index in range(IMAGES):
                image = rng.integers(0, 256, (size, size, 3), np.uint8)
                cv2.imwrite(str(Path(folder) / name / f"{index:02d}.png"), image)
        yield Path(folder)
