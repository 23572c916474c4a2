"""`python -m train check DATA`: the data doctor. Looks at V and C before a run does, and says what
is wrong with them.

measure.py     one picture -> its figures, fingerprint and thumbnail
survey.py      all pictures of a source
duplicates.py  fingerprints -> groups of near-duplicates, pictures that two sets share
coverage.py    does C show the expressions that V shows?
views.py       does the live model see what training sees of a session?
marks.py       was the wearer asked for what C shows?
seen.py        all of that for a pair of domains
findings.py    what was seen -> verdict lines with advice
command.py     `check`; what a person gets to see: plots.py, thumbnails.py, page.py
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from train.errors import TrainError


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckConfig:
    """Look at the images of V and C before training: what cannot be read, duplicates, light,
    colours, blur, expressions. Writes one HTML page with pictures. Exit code 1: not usable."""

    data: Annotated[Path | None, tyro.conf.Positional] = None
    """A data set: a folder with v/ and c/ (simulated), or trainA/ and trainB/ (as for CycleGAN; its
    testA/ and testB/ are then held against them)."""
    v: Path | None = None
    """Instead of DATA, domain V: a folder of images, a video, or recorded sessions."""
    c: Path | None = None
    """Instead of DATA, domain C, likewise."""
    profile: Path | None = None
    """Camera profile by which V is seen, as that of `fit`."""
    swap: bool = False
    """Take V for C and C for V."""
    against: Path | None = None
    """Another data set, for validation or test: none of its pictures should be in this one."""
    size: int = 256
    """Pictures are judged at size x size, as training at this size would see them."""
    html: Path = Path("check.html")
    """The page to write."""
    json: Path | None = None
    """File for the figures and the verdict."""

    def __post_init__(self) -> None:
        if self.size < 32 or self.size % 4:
            raise TrainError(f"size must be a multiple of 4, at least 32; got {self.size}")


def run(config: CheckConfig) -> None:
    """Look, print, write. Raises `TrainError`: `BadData` if the images cannot be trained on."""
    from train.check.command import check  # --help needs no torch

    check(config)
