"""`python -m train cheat RUN...`: does a pair of networks hide what it should translate?

Three tests, after the paper's Figure 9 and Chu et al. (CycleGAN, a Master of Steganography):

    matched.py   decoding what E made of a mismatched (c, r), against decoding a real v
    crossed.py   the same v_ij = E(c_i, r_j) read by its own D_C and by another run's D_C
    honesty.py   reconstruction when what is handed over is disturbed on the way
    methods.py   the means over several runs of a method
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from train.errors import TrainError


@dataclass(frozen=True, slots=True, kw_only=True)
class CheatConfig:
    """Test runs for hidden messages between their networks."""

    runs: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """Runs of `python -m train fit`, or single checkpoints, of one size. Each one's D_C also reads
    what the others' E make. Several runs of one method are summed up."""
    data: Path
    """A folder with v/ and c/. In a set written by `python -m train simulate`, the truth and the
    mouth's place are used as well."""
    out: Path
    """Folder for cheat.json, cheat.md (the tables), matched.png, crossed.png and honesty.png."""
    jpeg: bool = False
    """Write the pictures as .jpg."""
    count: int = 64
    """Images of v/ to test on, spread evenly over the folder."""
    seed: int = 0
    """Decides the noise, and the resamples behind the intervals."""
    threads: int = 1
    """OpenMP threads."""

    def __post_init__(self) -> None:
        if not self.runs:
            raise TrainError("cheat needs at least one run")
        if self.count < 2:
            raise TrainError(f"count must be at least 2, got {self.count}")


def run(config: CheatConfig) -> None:
    """Test, print, write. Raises `TrainError`."""
    from train.cheat.command import cheat  # --help needs no torch

    cheat(config)
