"""`ViewpointConfig`: the command line of `python -m calibration viewpoint`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from calibration.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class ViewpointConfig:
    """Find where the camera sits relative to the avatar's head, from points seen in one picture.

    The points are those of the avatar, in metres of its head frame (origin between the lips, x to
    the avatar's left, y up, z forward); the pixels are where the wearer's face shows the same.
    """

    profile: Annotated[Path, arg(metavar="FILE")]
    """Camera profile with the lens (calibration board); the viewpoint is written into it."""
    points: Annotated[Path, arg(metavar="FILE")]
    """JSON: [{"name": "chin", "head_m": [x, y, z], "pixel": [u, v]}, ...], or CSV with the columns
    name, x_m, y_m, z_m, u_px, v_px. Points without a pixel are asked for in a window."""
    source: Annotated[str, arg(metavar="SOURCE")]
    """What shows the face: an image, a folder, a video, a recorded session, or a camera. One
    picture is taken."""
    overlay: Annotated[Path | None, arg(metavar="FILE.png")] = None
    """Picture that shows the result; beside the profile, if not given."""
    clicked: Annotated[Path | None, arg(metavar="FILE.json")] = None
    """Write the points with the pixels that were clicked to this file."""
    max_rms_px: float = 5.0
    """Refuse a pose with a larger error."""
    model_size: Annotated[tuple[int, int], arg(metavar="WIDTH HEIGHT")] = (256, 256)
    """Of the model's input: the field of view of the renders is made for its shape."""

    def __post_init__(self) -> None:
        if not 0 < self.max_rms_px < 1000:
            raise UsageError(f"--max-rms-px {self.max_rms_px:g}: give a number above 0")
        if min(self.model_size) < 16:
            raise UsageError(f"--model-size {self.model_size}: give at least 16 16")
