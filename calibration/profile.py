"""`CameraProfile`: what is known of one camera, in one JSON file that every command reads.

The file crosses a trust boundary (it is copied between machines and ships in bundles), so it is a
pydantic model: unknown keys and impossible values are refused when it is read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class ProfileError(Exception):
    """A camera profile that cannot be read, or does not fit the picture it is applied to."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Intrinsics(_Part):
    """Lens and sensor, in pixels of the full camera image `size_px`."""

    model: Literal["pinhole", "fisheye"]
    size_px: tuple[int, int]
    """Width and height of the images that the figures below are for."""
    focal_px: tuple[float, float]
    """fx, fy."""
    centre_px: tuple[float, float]
    """cx, cy; the centre of the top left pixel is (0, 0)."""
    distortion: tuple[float, ...] = ()
    """OpenCV's coefficients: pinhole k1 k2 p1 p2 [k3 ...], fisheye k1 k2 k3 k4."""


class View(_Part):
    """How a camera image becomes the model's input: crop, then rotate, then flip, then resize."""

    roi_px: tuple[int, int, int, int] | None = None
    """x, y, width, height in the camera image; None is the largest centred square."""
    rotation_deg: Literal[0, 90, 180, 270] = 0
    """Clockwise turn of the crop."""
    flip: bool = False
    """Mirror left and right, after the turn."""


class Photometric(_Part):
    """Sensor levels, in units of 0..255."""

    black_level: float = 0.0
    white_balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Gains of R, G, B."""


class Viewpoint(_Part):
    """Pose of the camera in the avatar's head frame: metres; x to the avatar's left, y up,
    z forward out of the face (glTF's axes for a model that looks along +z)."""

    position_m: tuple[float, float, float]
    look_at_m: tuple[float, float, float]
    up: tuple[float, float, float] = (0.0, 1.0, 0.0)
    vertical_fov_deg: float = Field(gt=0, lt=180)


class CameraProfile(_Part):
    """Everything known of one camera. Only `camera` and `view` are always there."""

    version: Literal[1] = 1
    camera: str
    """What the profile was made for: a device name, a by-id path, "simulated"."""
    view: View = View()
    intrinsics: Intrinsics | None = None
    photometric: Photometric | None = None
    viewpoint: Viewpoint | None = None

    def save(self, path: Path) -> None:
        path.write_text(self.model_dump_json(indent=2) + "\n")

    @classmethod
    def load(cls, path: Path) -> CameraProfile:
        """Read and check a profile. Raises `ProfileError` with the first thing that is wrong."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise ProfileError(f"cannot read camera profile {path}: {error.strerror}") from error
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the file"
            raise ProfileError(
                f"camera profile {path}: {where}: {first['msg']} (got {first['input']!r:.80})"
            ) from error
