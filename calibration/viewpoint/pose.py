"""From the exact pose of the whole camera to the ideal camera that shows the model's view."""

from __future__ import annotations

import math

import numpy as np

from calibration.errors import ProfileError
from calibration.lens import Floats
from calibration.maps import ideal_camera
from calibration.profile import Intrinsics, Size, View, Viewpoint

_NEAREST_M = 0.01


def viewpoint_of(
    camera_from_head: Floats,
    position_m: Floats,
    view: View,
    intrinsics: Intrinsics,
    model_size_px: Size,
    rms_px: float | None,
) -> Viewpoint:
    """Of a camera at `position_m`, turned by `camera_from_head` [3, 3]. Raises `ProfileError`."""
    ideal = ideal_camera(view, intrinsics, model_size_px)
    _, down, forward = ideal.ideal_from_camera @ camera_from_head
    # Look at the point of the axis that is nearest to the head's origin.
    distance_m = max(_NEAREST_M, float(-position_m @ forward))
    return Viewpoint(
        position_m=_vec3(position_m),
        look_at_m=_vec3(position_m + distance_m * forward),
        up=_vec3(-down),
        vertical_fov_deg=ideal.vertical_fov_deg,
        camera_from_head=(
            _vec3(camera_from_head[0]), _vec3(camera_from_head[1]), _vec3(camera_from_head[2])
        ),
        rms_px=rms_px,
    )  # fmt: skip


def seen_by_view(
    viewpoint: Viewpoint, view: View, intrinsics: Intrinsics, model_size_px: Size
) -> Viewpoint:
    """The same pose for another view. Raises `ProfileError`, also if the pose is not exact."""
    if viewpoint.camera_from_head is None:
        raise ProfileError(
            "the viewpoint does not say how the camera is turned: run "
            "python -m calibration viewpoint"
        )
    return viewpoint_of(
        np.array(viewpoint.camera_from_head),
        np.array(viewpoint.position_m),
        view,
        intrinsics,
        model_size_px,
        viewpoint.rms_px,
    )


def angle_deg(a: Floats, b: Floats) -> float:
    """Between two rotations [3, 3]."""
    cosine = (np.trace(a @ b.T) - 1) / 2
    return math.degrees(math.acos(float(np.clip(cosine, -1, 1))))


def _vec3(values: Floats) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in values)
    return x, y, z
