"""`BenchConfig`: what `python -m realtime.bench` can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from realtime.backends import BackendName
from realtime.config import DEMO_BUNDLE
from realtime.errors import UsageError

WARM_UP_S, QUICK_WARM_UP_S = 1.0, 0.3
QUICK_S = 1.0
_MOST = 240
"""Of seconds and of fps: a picture's number has 16 bits, which such a trial does not use up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchConfig:
    """The docstrings of the fields are the text of --help."""

    bundle: Annotated[Path, arg(metavar="FOLDER")] = DEMO_BUNDLE
    """The model to measure, beside no model at all (identity)."""
    backend: BackendName = "auto"
    """What computes it."""
    rates: Annotated[tuple[float, ...], arg(metavar="FPS")] = (30.0, 60.0, 90.0)
    """Rates of the simulated camera; one trial more has none and
    goes as fast as the loop takes the pictures."""
    seconds: Annotated[float, arg(metavar="SECONDS")] = 5.0
    """Measured in each trial, after a second that is not."""
    rounds: Annotated[int, arg(metavar="N")] = 1
    """So many of each trial, all kinds in turns; the figures are
    their medians. One trial may meet a busy moment."""
    quick: Annotated[bool, arg(help_behavior_hint="")] = False
    """A second for each trial: a look, not a figure to quote."""
    quality: Annotated[int, arg(metavar="1..100")] = 90
    """Of JPEG, for every sender."""
    peers: Annotated[bool, arg(help_behavior_hint="")] = False
    """The same pictures as JPEG too, and through imagezmq and
    vidgear's NetGear, where installed, to a quick client and to a
    slow one."""
    slow_ms: Annotated[float, arg(metavar="MS")] = 100.0
    """What the slow client takes for each picture."""
    json: Annotated[Path | None, arg(metavar="FILE")] = None
    """Write the figures to this file too."""

    def __post_init__(self) -> None:
        for name, values in (
            ("rates", self.rates),
            ("seconds", (self.seconds,)),
            ("slow-ms", (self.slow_ms,)),
        ):
            given = " ".join(f"{value:g}" for value in values)
            if not values or not all(0 < value <= _MOST for value in values):
                raise UsageError(f"--{name} {given}: give numbers above 0, at most {_MOST}")
        if not 1 <= self.rounds <= _MOST:
            raise UsageError(f"--rounds {self.rounds}: give 1 to {_MOST}")
        if not 1 <= self.quality <= 100:
            raise UsageError(f"--quality {self.quality}: give 1 to 100")

    @property
    def warm_up_s(self) -> float:
        """Before each trial is measured."""
        return QUICK_WARM_UP_S if self.quick else WARM_UP_S

    @property
    def measured_s(self) -> float:
        """Of each trial."""
        return QUICK_S if self.quick else self.seconds
