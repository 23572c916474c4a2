"""`run`: find the camera's pose, show it, and write it into the profile."""

from __future__ import annotations

import numpy as np

from calibration.errors import ProfileError
from calibration.images import first_picture, size_of, write_image
from calibration.profile import CameraProfile
from calibration.update import update_profile
from calibration.viewpoint.config import ViewpointConfig
from calibration.viewpoint.overlay import overlay
from calibration.viewpoint.points import Point, click_points, load_points, save_points
from calibration.viewpoint.pose import viewpoint_of
from calibration.viewpoint.solve import Solution, solve


def run(config: ViewpointConfig) -> None:
    """Raises `CalibrationError`; what was found is printed."""
    profile = CameraProfile.load(config.profile)
    if profile.intrinsics is None:
        raise ProfileError(
            f"{config.profile} does not know the lens: run python -m calibration board first"
        )
    points = load_points(config.points)
    image = first_picture(config.source).image
    fitting, note = profile.for_size(size_of(image))
    intrinsics = fitting.intrinsics
    assert intrinsics is not None
    if note is not None:
        print(note)
    if any(point.pixel is None for point in points):
        points = click_points(image, points)
        if config.clicked is not None:
            save_points(points, config.clicked)
    head_m = np.array([point.head_m for point in points]).reshape(-1, 3)
    pixels = np.array([point.pixel for point in points], np.float64).reshape(-1, 2)
    solution = solve(intrinsics, head_m, pixels, config.max_rms_px)
    viewpoint = viewpoint_of(
        solution.camera_from_head, solution.position_m, fitting.view, intrinsics,
        config.model_size, round(solution.rms_px, 3),
    )  # fmt: skip
    lines = _report(points, solution, viewpoint.vertical_fov_deg)
    print("\n".join(lines))
    overlay_path = config.overlay or config.profile.with_suffix(".viewpoint.png")
    write_image(overlay_path, overlay(image, intrinsics, points, solution, lines))
    notes = update_profile(config.profile, profile.camera, viewpoint=viewpoint)
    print("\n".join([*notes, f"wrote {config.profile} and {overlay_path}"]))


def _report(points: list[Point], solution: Solution, vertical_fov_deg: float) -> list[str]:
    x, y, z = solution.position_m * 1000
    lines = [
        f"camera {z:.1f} mm before the lips, {abs(x):.1f} mm to the avatar's "
        f"{'left' if x >= 0 else 'right'}, {abs(y):.1f} mm {'above' if y >= 0 else 'below'} "
        f"(+-{solution.position_std_m * 1000:.1f} mm, +-{solution.turn_std_deg:.1f} degrees)",
        f"error {solution.rms_px:.2f} px RMS over {int(solution.used.sum())} points; "
        f"the model's view spans {vertical_fov_deg:.1f} degrees from top to bottom",
    ]
    left_out = [
        f"{point.name} ({error:.0f} px)"
        for point, used, error in zip(points, solution.used, solution.errors_px, strict=True)
        if not used
    ]
    if left_out:
        lines.append(f"left out, they do not fit the others: {', '.join(left_out)}")
    return lines
