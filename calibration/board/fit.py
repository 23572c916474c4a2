"""Lens and sensor from sightings of the board, without the views that do not belong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from calibration.board.detect import Sighting
from calibration.board.uncertainty import focal_share
from calibration.errors import BadFit
from calibration.lens import Floats, directions, project
from calibration.opencv import cv2
from calibration.profile import Intrinsics, Size

Model = Literal["pinhole", "fisheye"]

_OUTLIER_TIMES, _OUTLIER_FLOOR_PX = 3.0, 0.5
"""A view with more than so many times the usual error, and more than so many pixels, is dropped."""
_ROUNDS = 3
_CRITERIA = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 100, 1e-9)
_FOCAL_SHARES = np.geomspace(0.15, 1.5, 24)
"""Focal lengths to start a fisheye fit from, as parts of the picture's width."""
_STARTS = 6
_GOOD_PX = 1.0
"""A fisheye fit this good is not tried again from another start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What the board says of the camera."""

    intrinsics: Intrinsics
    view_rms_px: dict[str, float]
    """Of each view that was used, by its name."""
    dropped_rms_px: dict[str, float]
    """Of each view that was left out because it does not fit the others."""
    focal_share: float
    """Standard deviation of the focal length, as a share of it."""


def fit(sightings: Sequence[Sighting], size_px: Size, model: Model) -> Fit:
    """Raises `BadFit` when the solver finds no lens at all that explains the views."""
    used = list(sightings)
    dropped: dict[str, float] = {}
    for _ in range(_ROUNDS):
        intrinsics, errors, placed = _solve(used, size_px, model)
        limit = max(_OUTLIER_TIMES * float(np.median(list(errors.values()))), _OUTLIER_FLOOR_PX)
        outliers = {name: error for name, error in errors.items() if error > limit}
        if not outliers:
            break
        dropped |= outliers
        used = [view for view in used if view.name not in outliers]
    else:
        intrinsics, errors, placed = _solve(used, size_px, model)
    return Fit(
        intrinsics=intrinsics,
        view_rms_px=errors,
        dropped_rms_px=dropped,
        focal_share=focal_share(intrinsics, placed, intrinsics.rms_px or 0.0),
    )


def _solve(
    views: Sequence[Sighting], size_px: Size, model: Model
) -> tuple[Intrinsics, dict[str, float], list[Floats]]:
    """The lens, each view's error, and each view's points in the camera's frame."""
    solve = _solve_pinhole if model == "pinhole" else _solve_fisheye
    try:
        matrix, distortion, poses = solve(views, size_px)
    except cv2.error as error:
        raise _no_lens(model, len(views)) from error
    if not (np.isfinite(matrix).all() and np.isfinite(distortion).all()):
        raise _no_lens(model, len(views))
    intrinsics = Intrinsics(
        model=model,
        size_px=size_px,
        focal_px=(float(matrix[0, 0]), float(matrix[1, 1])),
        centre_px=(float(matrix[0, 2]), float(matrix[1, 2])),
        distortion=tuple(float(k) for k in distortion),
    )
    placed = [_placed(view, *pose) for view, pose in zip(views, poses, strict=True)]
    # A corner where the lens found cannot show anything is as wrong as can be.
    squares = [
        np.nan_to_num(
            ((project(intrinsics, points) - view.corners_px) ** 2).sum(axis=1), nan=np.inf
        )
        for view, points in zip(views, placed, strict=True)
    ]
    rms_px = float(np.sqrt(np.concatenate(squares).mean()))
    errors = {
        view.name: float(np.sqrt(square.mean()))
        for view, square in zip(views, squares, strict=True)
    }
    if not np.isfinite(np.median(list(errors.values()))):
        raise _no_lens(model, len(views))
    return intrinsics.model_copy(update={"rms_px": rms_px}), errors, placed


Solved = tuple[Floats, Floats, list[tuple[Floats, Floats]]]


def _solve_pinhole(views: Sequence[Sighting], size_px: Size) -> Solved:
    points = [view.points_m.astype(np.float32) for view in views]
    corners = [view.corners_px.astype(np.float32) for view in views]
    found = cv2.calibrateCamera(
        points, corners, size_px, np.eye(3), np.zeros(5), criteria=_CRITERIA
    )
    return _solved(*found[1:5])


def _solve_fisheye(views: Sequence[Sighting], size_px: Size) -> Solved:
    """OpenCV's solver gives up unless it starts near the truth; so it is given a good start."""
    # One row of points: OpenCV 5 takes no other shape, OpenCV 4 takes this one as well.
    points = [view.points_m[None] for view in views]
    corners = [view.corners_px[None] for view in views]
    flags = _fisheye_flag("RECOMPUTE_EXTRINSIC") | _fisheye_flag("FIX_SKEW")
    flags |= _fisheye_flag("USE_INTRINSIC_GUESS")
    best: tuple[float, Solved] | None = None
    failure: cv2.error | None = None
    for focal_px in _fisheye_starts(views, size_px)[:_STARTS]:
        start = np.array(
            [[focal_px, 0, (size_px[0] - 1) / 2], [0, focal_px, (size_px[1] - 1) / 2], [0, 0, 1]]
        )
        try:
            found = cv2.fisheye.calibrate(
                points, corners, size_px, start, np.zeros((4, 1)), flags=flags, criteria=_CRITERIA
            )
        except cv2.error as error:
            failure = error
            continue
        if best is None or found[0] < best[0]:
            best = found[0], _solved(*found[1:5])
        if found[0] < _GOOD_PX:
            break
    if best is None:
        raise failure or cv2.error("no start")
    return best[1]


def _solved(matrix: Any, distortion: Any, turns: Any, shifts: Any) -> Solved:
    """OpenCV's answer, as arrays of float64."""
    poses = [
        (np.asarray(turn, np.float64), np.asarray(shift, np.float64))
        for turn, shift in zip(turns, shifts, strict=True)
    ]
    return np.asarray(matrix, np.float64), np.ravel(np.asarray(distortion, np.float64)), poses


def _fisheye_starts(views: Sequence[Sighting], size_px: Size) -> list[float]:
    """Focal lengths in pixels, best first: the right one makes every board flat."""

    def bend(focal_px: float) -> float:
        """How far the boards are from flat, seen through an equidistant lens."""
        lens = Intrinsics(
            model="fisheye", size_px=size_px, focal_px=(focal_px, focal_px),
            centre_px=((size_px[0] - 1) / 2, (size_px[1] - 1) / 2),
        )  # fmt: skip
        angles = [_bend(view, directions(lens, view.corners_px)) for view in views]
        return float(np.median(angles)) * focal_px

    return sorted((share * size_px[0] for share in _FOCAL_SHARES), key=bend)


def _bend(view: Sighting, rays: Floats) -> float:
    """Angle (radians, RMS) between rays and the homography of the board that fits them best."""
    if rays[:, 2].min() < 0.05:
        return np.inf
    plane = rays[:, :2] / rays[:, 2:]
    board = view.points_m[:, :2]
    homography = np.asarray(cv2.findHomography(board, plane)[0], np.float64)
    if homography.shape != (3, 3):
        return np.inf
    flat = np.column_stack([board, np.ones(len(board))]) @ homography.T
    flat = flat / np.linalg.norm(flat, axis=1, keepdims=True)
    return float(np.sqrt((np.cross(flat, rays) ** 2).sum(axis=1).mean()))


def _fisheye_flag(name: str) -> int:
    """OpenCV 5 moved these out of the fisheye module, with other values."""
    name = f"CALIB_{name}"
    return int(getattr(cv2.fisheye, name, None) or getattr(cv2, name))


def _placed(view: Sighting, turn: Floats, shift: Floats) -> Floats:
    """The board's points in the camera's frame, [N, 3]."""
    return np.asarray(view.points_m @ cv2.Rodrigues(turn)[0].T + np.ravel(shift))


def _no_lens(model: Model, views: int) -> BadFit:
    other = "fisheye" if model == "pinhole" else "pinhole"
    return BadFit(
        f"no {model} lens explains the {views} views: show the board tilted to all sides, near and "
        f"far, over the whole picture; or is it a lens for --model {other}?"
    )
