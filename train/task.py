"""`Task`: what a loop repeats. `fit` learns from unpaired images, `distill` from a teacher.

The loop knows when to take a step, to log, to draw and to save; a task knows what a step is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from train.config_json import RunConfig
from train.engine import Engine
from train.step import Losses
from train.trainee import Trainee

__all__ = ["Losses", "Sample", "Task"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A picture of how far a run has come."""

    path: Path
    told: str = ""
    """What else was found out when it was drawn, for people."""


class Task(Protocol):
    """Each process has one; all of them take the same steps."""

    @property
    def config(self) -> RunConfig: ...

    @property
    def engine(self) -> Engine: ...

    @property
    def state(self) -> Trainee: ...

    def step(self) -> Losses:
        """Take the step of number `state.step`, whose learning rates are set; counting it is up to
        the loop."""

    def error(self, means: Mapping[str, float]) -> float:
        """Of a row of the log, what descends until there is no more to learn."""

    def sample(self) -> Sample:
        """Draw a picture into out/samples. Only the process that writes is asked."""
