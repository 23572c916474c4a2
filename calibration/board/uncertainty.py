"""How well the views pin the lens down: the standard deviation of its focal length.

A small reprojection error says that the lens explains the views, not that no other lens would: a
board that was always held straight is explained by any focal length, from another distance.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from calibration.lens import Floats, pose_slopes, project
from calibration.profile import Intrinsics

_STEP = 1e-5
"""Relative to 1 (coefficients), or to the focal length."""


def focal_share(intrinsics: Intrinsics, views: Sequence[Floats], noise_px: float) -> float:
    """Standard deviation of the focal length as a share of it, when corners are off by `noise_px`.

    `views` holds, per view, the board's points in the camera's frame, [N, 3]. Infinite where the
    views leave the lens open.
    """
    count = 4 + len(intrinsics.distortion)
    information = np.zeros((count, count))
    for points in views:
        of_lens, of_pose = _lens_slopes(intrinsics, points), pose_slopes(intrinsics, points)
        if not (np.isfinite(of_lens).all() and np.isfinite(of_pose).all()):
            return float("inf")
        # What a lens parameter changes and no move of the board can make up for.
        own = of_lens - of_pose @ np.linalg.lstsq(of_pose, of_lens, rcond=None)[0]
        information += own.T @ own
    try:
        deviations = np.sqrt(np.diag(np.linalg.inv(information))) * noise_px
    except np.linalg.LinAlgError:
        return float("inf")
    if not np.isfinite(deviations).all():
        return float("inf")
    return float(np.max(deviations[:2] / np.array(intrinsics.focal_px)))


def _lens_slopes(intrinsics: Intrinsics, points: Floats) -> Floats:
    """[2N, parameters]: fx, fy, cx, cy, then the distortion."""
    at = np.array([*intrinsics.focal_px, *intrinsics.centre_px, *intrinsics.distortion])
    steps = np.full(len(at), _STEP)
    steps[:4] *= intrinsics.focal_px[0]
    columns = []
    for index, step in enumerate(steps):
        ends = []
        for sign in (1, -1):
            moved = at.copy()
            moved[index] += sign * step
            lens = intrinsics.model_copy(
                update={
                    "focal_px": tuple(moved[:2]),
                    "centre_px": tuple(moved[2:4]),
                    "distortion": tuple(moved[4:]),
                }
            )
            ends.append(project(lens, points).ravel())
        columns.append((ends[0] - ends[1]) / (2 * step))
    return np.stack(columns, axis=1)
