"""`update_profile`: put what a command found into a profile's file, and leave the rest of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from calibration.profile import CameraProfile


def load_or_new(path: Path, camera: str) -> CameraProfile:
    """The profile at `path`; one that knows nothing but the camera's name if there is no file."""
    return CameraProfile.load(path) if path.exists() else CameraProfile(camera=camera)


def update_profile(path: Path, camera: str, **parts: Any) -> list[str]:
    """Replace `parts` (fields of `CameraProfile`) and save. Returns lines that must be said: what
    of the profile no longer fits. Raises `ProfileError`."""
    before = load_or_new(path, camera)
    after = before.model_copy(update=parts)
    after.save(path)
    lens_changed = "intrinsics" in parts and before.intrinsics not in (None, after.intrinsics)
    if lens_changed and after.viewpoint is not None and "viewpoint" not in parts:
        return [
            "the profile's viewpoint was found with the lens as it was known before: "
            "run python -m calibration viewpoint again"
        ]
    return []
