"""`python -m train bench`: where the time of a training step goes, for each method.

measure.py   the steps, in turns; the peak of the machine in the same turns
table.py     the figures for a terminal and as JSON
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import tyro

from train.config import METHOD_NAMES, Method, NetworkConfig
from train.errors import TrainError


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchConfig:
    """Time training steps on made-up images. All methods take turns, so that a busy machine slows
    them alike; figures are medians."""

    methods: tuple[Method, ...] = METHOD_NAMES
    """What to compare."""
    network: Annotated[NetworkConfig, tyro.conf.arg(name="")] = field(default_factory=NetworkConfig)
    batch: int = 4
    """Images of each domain in a step."""
    steps: int = 10
    """Steps of each method that count."""
    warm_up: int = 2
    """Steps of each method before."""
    accelerator: Literal["auto", "cpu", "cuda"] = "auto"
    """auto: CUDA where there is a GPU for it, else the CPU."""
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    """Of the generators' convolutions, and of the peak."""
    threads: int = 1
    """OpenMP threads."""
    json: Path | None = None
    """File for the figures."""

    def __post_init__(self) -> None:
        for name in ("batch", "steps", "threads"):
            if getattr(self, name) < 1:
                raise TrainError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not self.methods or len(set(self.methods)) != len(self.methods):
            raise TrainError(f"methods are one or more, each once; got {self.methods}")


def run(config: BenchConfig) -> None:
    """Measure, print, write. Raises `TrainError`."""
    from train.bench.table import bench

    bench(config)
