"""`CameraProfile`: what is known of one camera, in one JSON file that every command reads.

The file crosses a trust boundary (it is copied between machines and ships in bundles), so it is a
pydantic model: unknown keys and impossible values are refused when it is read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, ValidationError, model_validator

from calibration.errors import ProfileError
from calibration.levels import PhotometricStats
from calibration.part import Part

__all__ = [
    "CameraProfile",
    "Intrinsics",
    "Photometric",
    "ProfileError",
    "Size",
    "View",
    "Viewpoint",
]

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Vec3 = tuple[Finite, Finite, Finite]
_Whole = Annotated[int, Field(gt=-(2**31), lt=2**31)]
Size = tuple[Annotated[_Whole, Field(gt=0)], Annotated[_Whole, Field(gt=0)]]
"""Width and height in pixels."""

_DISTORTION_COUNTS = {"pinhole": (0, 4, 5, 8, 12, 14), "fisheye": (0, 4)}
_MOST_BYTES = 1 << 20
"""The text of a larger file is cut off, and so no JSON."""
_ORTHONORMAL_WITHIN = 1e-4


class Intrinsics(Part):
    """Lens and sensor, in pixels of the full camera image `size_px`."""

    model: Literal["pinhole", "fisheye"]
    size_px: Size
    """Width and height of the images that the figures below are for."""
    focal_px: tuple[Positive, Positive]
    """fx, fy."""
    centre_px: tuple[Finite, Finite]
    """cx, cy; the centre of the top left pixel is (0, 0)."""
    distortion: tuple[Finite, ...] = ()
    """OpenCV's coefficients: pinhole k1 k2 p1 p2 [k3 ...], fisheye k1 k2 k3 k4."""
    rms_px: float | None = None
    """How well the calibration fitted: root mean square of what is left between the corners that
    were seen and those that the figures above predict. None: unknown."""

    @model_validator(mode="after")
    def _right_number_of_coefficients(self) -> Self:
        allowed = _DISTORTION_COUNTS[self.model]
        if len(self.distortion) not in allowed:
            raise ValueError(
                f"a {self.model} lens has {allowed} coefficients, got {len(self.distortion)}"
            )
        return self

    def scaled_to(self, size_px: Size) -> Intrinsics:
        """The same lens for pictures of another size, if they show the same part of the sensor.

        Raises `ProfileError` for pictures of another shape: the camera cropped them, and nobody
        knows where.
        """
        if size_px == self.size_px:
            return self
        scale_x, scale_y = _scales(self.size_px, size_px, "lens")
        return self.model_copy(
            update={
                "size_px": size_px,
                "focal_px": (self.focal_px[0] * scale_x, self.focal_px[1] * scale_y),
                # A pixel's middle is at its whole number, so the picture's corner is at -0.5.
                "centre_px": (
                    (self.centre_px[0] + 0.5) * scale_x - 0.5,
                    (self.centre_px[1] + 0.5) * scale_y - 0.5,
                ),
                "rms_px": None if self.rms_px is None else self.rms_px * (scale_x + scale_y) / 2,
            }
        )


class View(Part):
    """How a camera image becomes the model's input: crop, then rotate, then flip, then resize."""

    roi_px: tuple[_Whole, _Whole, _Whole, _Whole] | None = None
    """x, y, width, height in the camera image; None is the largest centred square."""
    rotation_deg: Literal[0, 90, 180, 270] = 0
    """Clockwise turn of the crop."""
    flip: bool = False
    """Mirror left and right, after the turn."""
    undistort: bool = False
    """Show what an ideal camera without distortion would see that looks at the middle of the crop
    and takes in its edges, instead of the crop itself. Needs intrinsics."""
    size_px: Size | None = None
    """Width and height of the camera images that `roi_px` is for; None: of any it fits into."""

    def scaled_to(self, size_px: Size) -> View:
        """The same part of pictures of another size. Raises `ProfileError` for another shape."""
        if self.size_px is None or size_px == self.size_px:
            return self
        roi = self.roi_px
        if roi is not None:
            scale_x, scale_y = _scales(self.size_px, size_px, "crop")
            left, right = (round(edge * scale_x) for edge in (roi[0], roi[0] + roi[2]))
            top, bottom = (round(edge * scale_y) for edge in (roi[1], roi[1] + roi[3]))
            roi = (left, top, right - left, bottom - top)
        return self.model_copy(update={"size_px": size_px, "roi_px": roi})


class Photometric(Part):
    """Sensor levels, in units of 0..255, and what the picture's values usually are."""

    black_level: float = 0.0
    white_balance: tuple[Positive, Positive, Positive] = (1.0, 1.0, 1.0)
    """Gains of R, G, B."""
    gain: Positive = 1.0
    """Gain of all three, after white balance."""
    stats: PhotometricStats | None = None
    """Of the model's view in the pictures that the bundle was trained on, to tell drift by."""


class Viewpoint(Part):
    """Pose of the camera in the avatar's head frame: metres; x to the avatar's left, y up,
    z forward out of the face (glTF's axes for a model that looks along +z).

    Position, look-at, up and field of view are an ideal camera that shows what the model's view
    shows (before `View.flip`): what a renderer needs. `camera_from_head`, where it is known, is how
    the whole camera is turned: with `position_m` it is the exact pose, whatever the view.
    """

    position_m: Vec3
    look_at_m: Vec3
    up: Vec3 = (0.0, 1.0, 0.0)
    vertical_fov_deg: float = Field(gt=0, lt=180)
    camera_from_head: tuple[Vec3, Vec3, Vec3] | None = None
    """Rotation matrix by rows: a direction in the head frame -> one in the camera's, whose axes are
    OpenCV's: x right, y down, z forward. A point p is at `camera_from_head @ (p - position_m)`."""
    rms_px: float | None = None
    """What was left between the points that the pose was found from and where it puts them."""

    @model_validator(mode="after")
    def _is_a_rotation(self) -> Self:
        if self.camera_from_head is not None:
            turn = np.array(self.camera_from_head)
            off = np.abs(turn @ turn.T - np.eye(3)).max()
            if off > _ORTHONORMAL_WITHIN or np.linalg.det(turn) < 0:
                raise ValueError("camera_from_head is no rotation matrix")
        return self


class CameraProfile(Part):
    """Everything known of one camera. Only `camera` and `view` are always there."""

    version: Literal[1] = 1
    camera: str
    """What the profile was made for: a device name, a by-id path, "simulated"."""
    view: View = View()
    intrinsics: Intrinsics | None = None
    photometric: Photometric | None = None
    viewpoint: Viewpoint | None = None

    def for_size(self, size_px: Size) -> tuple[CameraProfile, str | None]:
        """This profile for camera pictures of `size_px`, and one line that says what was changed;
        None: nothing was. Raises `ProfileError` for pictures of another shape."""
        intrinsics = None if self.intrinsics is None else self.intrinsics.scaled_to(size_px)
        view = self.view.scaled_to(size_px)
        if intrinsics == self.intrinsics and view == self.view:
            return self, None
        changed = self.intrinsics if view == self.view else self.view
        made_for = _x(changed.size_px) if changed is not None and changed.size_px else "?"
        note = f"the profile of {self.camera} is scaled from {made_for} to {_x(size_px)}"
        return self.model_copy(update={"intrinsics": intrinsics, "view": view}), note

    def save(self, path: Path) -> None:
        """Write the file whole or not at all. Raises `ProfileError` where it cannot be written."""
        partial = path.with_name(f".{path.name}.partial")
        try:
            partial.write_text(self.model_dump_json(indent=2, exclude_none=True) + "\n")
            partial.replace(path)
        except OSError as error:
            raise ProfileError(f"cannot write camera profile {path}: {error.strerror}") from error

    @classmethod
    def load(cls, path: Path) -> CameraProfile:
        """Read and check a profile. Raises `ProfileError` with the first thing that is wrong."""
        try:
            with path.open("rb") as file:
                return cls.model_validate_json(file.read(_MOST_BYTES))
        except OSError as error:
            raise ProfileError(f"cannot read camera profile {path}: {error.strerror}") from error
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the file"
            raise ProfileError(
                f"camera profile {path}: {where}: {first['msg']} (got {first['input']!r:.80})"
            ) from error


def _scales(have_px: Size, want_px: Size, what: str) -> tuple[float, float]:
    """Of x and y; the two may differ by what rounding to whole pixels does."""
    scale_x, scale_y = want_px[0] / have_px[0], want_px[1] / have_px[1]
    if abs(have_px[1] * scale_x - want_px[1]) > 1 and abs(have_px[0] * scale_y - want_px[0]) > 1:
        raise ProfileError(
            f"the profile's {what} is for pictures of {_x(have_px)}, the camera gives "
            f"{_x(want_px)}, which is another shape: ask the camera for {_x(have_px)}, or a "
            "multiple of it, or calibrate again at this size"
        )
    return scale_x, scale_y


def _x(size_px: Size) -> str:
    return f"{size_px[0]}x{size_px[1]}"
