"""`ViewConfig`: the command line of `python -m calibration view`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import arg

from calibration.errors import UsageError
from calibration.profile import View


@dataclass(frozen=True, kw_only=True)
class ViewConfig:
    """Choose the part of the camera's picture that the model sees, turn and mirror it.

    Say it in numbers, or with --window by mouse and keys. What is not given is the default, not
    what the profile held; only --window alone starts from the profile's view.
    """

    source: Annotated[str, arg(metavar="SOURCE")]
    """What shows the camera's picture: an image, a folder, a video, a recorded session, or a
    camera's index or path. One picture is taken."""
    profile: Annotated[Path, arg(metavar="FILE")]
    """Camera profile to write; what else an existing one holds stays."""
    roi: Annotated[tuple[int, int, int, int] | None, arg(metavar="X Y WIDTH HEIGHT")] = None
    """Crop, in pixels of the camera's picture; the largest centred square, if not given."""
    rotation: Literal[0, 90, 180, 270] = 0
    """Clockwise turn of the crop, in degrees."""
    flip: bool = False
    """Mirror left and right, after the turn."""
    undistort: bool = False
    """Show the crop as a camera without distortion would; needs the lens (calibration board)."""
    window: bool = False
    """Choose in a window: drag a crop with the mouse; w a s d move it, + - change its size,
    r turns, f mirrors, u undistorts, 0 starts again, Enter saves, Esc leaves all as it was."""
    model_size: Annotated[tuple[int, int], arg(metavar="WIDTH HEIGHT")] = (256, 256)
    """Of the model's input, for the preview and the shape of crops that are made in the window."""
    preview: Annotated[Path | None, arg(metavar="FILE.png")] = None
    """Picture of before and after; beside the profile, if not given."""
    name: Annotated[str | None, arg(metavar="TEXT")] = None
    """What to call the camera in a new profile."""

    def __post_init__(self) -> None:
        if min(self.model_size) < 16:
            raise UsageError(f"--model-size {self.model_size}: give at least 16 16")

    def view(self, size_px: tuple[int, int]) -> View:
        """As the numbers say, for pictures of `size_px`."""
        return View(
            roi_px=self.roi, rotation_deg=self.rotation, flip=self.flip, undistort=self.undistort,
            size_px=size_px,
        )  # fmt: skip

    @property
    def says_numbers(self) -> bool:
        return self.roi is not None or self.rotation != 0 or self.flip or self.undistort
