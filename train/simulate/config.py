"""`SimulateConfig`: the command line of `python -m train simulate`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from train.errors import TrainError


@dataclass(frozen=True, kw_only=True)
class SimulateConfig:
    """Render what a headset's face camera would see of an avatar, with the truth beside it."""

    avatar: Path
    """glTF 2.0 or VRM file (.glb, .vrm, .gltf) with ARKit-named morph targets; at least jawOpen,
    mouthSmileLeft and mouthSmileRight. Other ARKit shapes are driven when they are there."""
    backgrounds: Path
    """Folder of pictures (JPEG, PNG, WebP); random parts of them stand behind the face."""
    out: Path
    """Folder to write; must be empty or not exist."""
    v: int = 1000
    """How many headset-camera pictures (v/), each with its true avatar picture (truth/)."""
    c: int = 500
    """How many avatar pictures (c/), whose expressions have nothing to do with those of v/."""
    clip: float = 0.0
    """Seconds of talking video to render as well (clip.mp4, clip_truth.mp4, 30 fps)."""
    stills_per_session: int = 50
    """Pictures of v/ from one wearing of the headset; light and room are each picture's own. Fewer
    make more sessions of as many pictures, which the intervals of `evaluate` are made of."""
    seed: int = 0
    """The same seed gives the same files."""
    size: int = 256
    """Width and height of the pictures in pixels; a multiple of 4."""
    overwrite: bool = False
    """Replace the simulation that is in `out`; other files there stay."""

    def __post_init__(self) -> None:
        for name in ("v", "c", "seed"):
            if getattr(self, name) < 0:
                raise TrainError(f"--{name} must not be negative, got {getattr(self, name)}")
        if not (math.isfinite(self.clip) and self.clip >= 0):
            raise TrainError(f"--clip takes a number of seconds, 0 or more, got {self.clip}")
        if self.stills_per_session < 1:
            raise TrainError(f"--stills-per-session takes 1 or more, got {self.stills_per_session}")
        if self.size % 4 or not 16 <= self.size <= 2048:
            raise TrainError(f"--size must be a multiple of 4 in 16..2048, got {self.size}")
        if self.v == self.c == self.clip == 0:
            raise TrainError("nothing to render: --v, --c and --clip are all 0")
