"""A lens, both ways: directions -> pixels, and back.

Directions are in the camera's frame (x right, y down, z forward). For a fisheye lens they may lie
more than 90 degrees off the axis, where OpenCV's own functions stop, so its polynomial is evaluated
here; the pinhole models are OpenCV's.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from calibration.opencv import cv2
from calibration.profile import Intrinsics

Floats = NDArray[np.float64]

_CRITERIA = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 100, 1e-10)
_NEWTON_STEPS = 12
_RELATIVE_STEP = 1e-5
_WIDEST_TANGENT = 6.0
"""A pinhole image that reaches farther than 80 degrees from its axis is not followed there."""


def camera_matrix(intrinsics: Intrinsics) -> Floats:
    """[3, 3]"""
    (fx, fy), (cx, cy) = intrinsics.focal_px, intrinsics.centre_px
    return np.array([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]])


def project(intrinsics: Intrinsics, points: Floats) -> Floats:
    """Points or directions [N, 3] -> pixels [N, 2]; NaN for what the lens model cannot show:
    behind a pinhole, or so far off that the distortion polynomial turns back."""
    points = np.asarray(points, np.float64).reshape(-1, 3)
    if intrinsics.model == "fisheye":
        return _project_fisheye(intrinsics, points)
    depth = points[:, 2]
    visible = depth > 0
    plane = points[:, :2] / np.where(visible, depth, 1.0)[:, None]
    visible &= np.hypot(plane[:, 0], plane[:, 1]) <= _turning_point(intrinsics)
    pixels = np.full((len(points), 2), np.nan)
    if visible.any():
        ahead = np.column_stack([plane[visible], np.ones(visible.sum())])
        zero = np.zeros(3)
        matrix, distortion = camera_matrix(intrinsics), np.array(intrinsics.distortion)
        pixels[visible] = cv2.projectPoints(ahead, zero, zero, matrix, distortion)[0][:, 0]
    return pixels


def directions(intrinsics: Intrinsics, pixels: Floats) -> Floats:
    """Pixels [N, 2] -> unit directions [N, 3]."""
    pixels = np.asarray(pixels, np.float64).reshape(-1, 2)
    if intrinsics.model == "fisheye":
        return _directions_fisheye(intrinsics, pixels)
    plane = _undistort(pixels[:, None], camera_matrix(intrinsics), np.array(intrinsics.distortion))
    rays = np.column_stack([plane[:, 0], np.ones(len(pixels))])
    return np.asarray(rays / np.linalg.norm(rays, axis=1, keepdims=True))


def pose_slopes(intrinsics: Intrinsics, points: Floats) -> Floats:
    """[2N, 6]: how the pixels of points in the camera's frame [N, 3] change when the points turn
    about the camera's three axes (per radian), and when they move along them (per metre)."""
    step = _RELATIVE_STEP * float(np.linalg.norm(points, axis=1).mean())
    moves = [(np.cross(axis, points), _RELATIVE_STEP) for axis in np.eye(3)]
    moves += [(np.broadcast_to(axis, points.shape), step) for axis in np.eye(3)]
    columns = [
        (project(intrinsics, points + size * move) - project(intrinsics, points - size * move))
        .ravel() / (2 * size)
        for move, size in moves
    ]  # fmt: skip
    return np.stack(columns, axis=1)


def _undistort(pixels: Floats, matrix: Floats, distortion: Floats) -> Floats:
    """To the plane z = 1; iterated until it is right, which OpenCV 4 has another function for."""
    if hasattr(cv2, "undistortPointsIter"):
        iterate = cv2.undistortPointsIter
        return np.asarray(iterate(pixels, matrix, distortion, np.eye(3), np.eye(3), _CRITERIA))
    return np.asarray(cv2.undistortPoints(pixels, matrix, distortion, criteria=_CRITERIA))


def _project_fisheye(intrinsics: Intrinsics, points: Floats) -> Floats:
    off_axis = np.hypot(points[:, 0], points[:, 1])
    angle = np.arctan2(off_axis, points[:, 2])
    bent = angle * np.polynomial.Polynomial(_even(intrinsics))(angle)
    # On the axis itself off_axis is 0, and so is what is scaled.
    scale = bent / np.where(off_axis > 0, off_axis, 1.0)
    pixels = points[:, :2] * scale[:, None] * intrinsics.focal_px + intrinsics.centre_px
    pixels[angle > _turning_point(intrinsics)] = np.nan
    return np.asarray(pixels)


def _directions_fisheye(intrinsics: Intrinsics, pixels: Floats) -> Floats:
    plane = (pixels - intrinsics.centre_px) / intrinsics.focal_px
    bent = np.hypot(plane[:, 0], plane[:, 1])
    forward = np.polynomial.Polynomial(np.insert(_even(intrinsics), 0, 0.0))
    slope = forward.deriv()
    widest = _turning_point(intrinsics)
    angle = np.minimum(bent, widest)
    for _ in range(_NEWTON_STEPS):
        step = (forward(angle) - bent) / np.maximum(slope(angle), 1e-3)
        angle = np.clip(angle - step, 0.0, widest)
    around = plane / np.where(bent > 0, bent, 1.0)[:, None]
    return np.column_stack([around * np.sin(angle)[:, None], np.cos(angle)])


def _even(intrinsics: Intrinsics) -> Floats:
    """Of a fisheye, the polynomial 1 + k1 a^2 + k2 a^4 + ...: coefficients of a^0, a^1, ..."""
    coefficients = np.zeros(2 * len(intrinsics.distortion) + 1)
    coefficients[0], coefficients[2::2] = 1.0, intrinsics.distortion
    return coefficients


@lru_cache(maxsize=64)
def _turning_point(intrinsics: Intrinsics) -> float:
    """The largest angle (fisheye, radians) or tangent (pinhole) up to which the radius grows.

    Beyond it the polynomial runs back, and would show the same pixels once more as a ghost.
    """
    if intrinsics.model == "fisheye":
        radius = np.linspace(0.0, np.pi, 721)
        bent = radius * np.polynomial.Polynomial(_even(intrinsics))(radius)
    else:
        radius = np.linspace(0.0, _WIDEST_TANGENT, 1201)
        k = np.zeros(8)
        k[: min(8, len(intrinsics.distortion))] = intrinsics.distortion[:8]
        square = radius**2
        above = 1 + square * (k[0] + square * (k[1] + square * k[4]))
        below = 1 + square * (k[5] + square * (k[6] + square * k[7]))
        bent = radius * above / below
    falls = np.flatnonzero(np.diff(bent) <= 0)
    return float(radius[falls[0]] if len(falls) else radius[-1])
