"""`python -m train evaluate RUN... --data DIR`: runs beside each other, and beside the truth.

Training sees v/ and c/ and nothing else. The truth and the coefficients of a simulated set are read
by this package (`simulated.py`, the one place that opens them), by the regressor that measures
expression, and by `train.cheat`; no module that trains D and E imports any of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from train.errors import TrainError


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateConfig:
    """Measure runs on a simulated set that they were not trained on: pictures, expression, leaks,
    flicker. The mean C image stands in every table: it reaches 24 dB by never moving."""

    runs: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """Runs of `python -m train fit` or `distill`, or single checkpoints. The first is what others
    are compared with. Of several runs of one method, there is a row for the method as well."""
    data: Path
    """A set written by `python -m train simulate`. With --clip it also measures flicker."""
    size: int | None = None
    """Height and width of the images; None is that of the runs. Runs of the fast family can be
    measured at a multiple of theirs, as `python -m export --size` makes bundles of them."""
    count: int = 200
    """Images to measure on, spread evenly over the set."""
    regressor: Path | None = None
    """What reads expression off a render, from `python -m train regressor`. Without it, one is
    trained on the renders of `data` and kept there."""
    json: Path | None = None
    """File for the figures."""
    markdown: Path | None = None
    """File for the tables, to paste into a page; of methods, if one has several runs."""
    html: Path | None = None
    """File for the report: tables, curves and pictures in one page."""
    picture: Path | None = None
    """.png or .jpg: v, each run's c', truth, one below the other."""
    seed: int = 0
    """Decides the resamples behind the intervals, and the shuffles behind the probes' floors."""
    threads: int = 1
    """OpenMP threads."""

    def __post_init__(self) -> None:
        if not self.runs:
            raise TrainError("evaluate needs at least one run")
        if self.count < 2:
            raise TrainError(f"count must be at least 2, got {self.count}")


def run(config: EvaluateConfig) -> None:
    """Measure, print, write. Raises `TrainError`."""
    from train.evaluate.command import evaluate  # --help needs no torch

    evaluate(config)
