"""`LandmarksConfig`: the command line of `python -m train landmarks`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from train.errors import TrainError


@dataclass(frozen=True, slots=True, kw_only=True)
class LandmarksConfig:
    """Find points of an avatar's face, such as the tip of the nose, for `python -m calibration
    viewpoint --points`. Writes them without pixels, and a picture that shows where they are."""

    avatar: Path
    """glTF 2.0 or VRM file with ARKit-named morph targets."""
    out: Path = Path("points.csv")
    """File to write; the picture stands beside it, as points.png."""

    def __post_init__(self) -> None:
        if self.out.suffix.lower() != ".csv":
            raise TrainError(f"--out {self.out}: give a name that ends in .csv")
