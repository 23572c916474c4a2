"""`RendersConfig`: the command line of `python -m train renders`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from train.errors import TrainError


@dataclass(frozen=True, slots=True, kw_only=True)
class RendersConfig:
    """Render domain C: your avatar as your headset's camera would see it, in even light before
    black, with expressions that cover all of its mouth's blendshapes. Give OUT/c to `fit --c`."""

    avatar: Path
    """glTF 2.0 or VRM file (.glb, .vrm, .gltf) with ARKit-named morph targets."""
    profile: Path
    """Camera profile with a viewpoint: see `python -m calibration viewpoint`."""
    out: Path
    """Folder to write; must be empty or not exist."""
    count: int = 1000
    """How many pictures."""
    seed: int = 0
    """The same seed gives the same files."""
    size: int = 256
    """Width and height of the pictures in pixels; a multiple of 4. That of `fit --size`."""
    overwrite: bool = False
    """Replace the renders that are in `out`; other files there stay."""

    def __post_init__(self) -> None:
        if self.count < 1:
            raise TrainError(f"--count {self.count}: give 1 or more")
        if self.seed < 0:
            raise TrainError(f"--seed {self.seed}: give 0 or more")
        if self.size % 4 or not 16 <= self.size <= 2048:
            raise TrainError(f"--size must be a multiple of 4 in 16..2048, got {self.size}")
