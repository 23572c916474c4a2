"""The camera's pose from points of the head and their pixels - or a refusal, with the reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.errors import BadFit
from calibration.lens import Floats, directions, pose_slopes, project
from calibration.opencv import cv2
from calibration.profile import Intrinsics
from calibration.viewpoint.pose import angle_deg

MIN_POINTS = 4
_RANSAC_ABOVE = 6
_RANSAC_ROUNDS = 500
_MIN_INLIER_SHARE = 0.6
_WIDEST_COSINE = 0.15
"""A point farther than 81 degrees from the lens's axis is not used: its direction is not sure."""
_FLAT = 0.02
"""Points whose thickness is less than this part of their extent are taken for a plane."""
_CLICK_PX = 1.0
_MAX_POSITION_M, _MAX_TURN_DEG = 0.010, 4.0
"""Standard deviations that a pose may have when the clicks are off by a pixel."""
_RIVAL_TIMES, _RIVAL_FLOOR_PX, _RIVAL_DEG = 1.5, 0.5, 5.0
_MIRROR_TIMES = 3.0

Pose = tuple[Floats, Floats]
"""Rotation [3, 3] and shift [3]: a head point p is at `turn @ p + shift` before the camera."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solution:
    """Where the camera is."""

    camera_from_head: Floats
    """[3, 3]"""
    position_m: Floats
    """[3], in the head frame."""
    errors_px: Floats
    """[N], between each point's pixel and where the pose puts it."""
    used: NDArray[np.bool_]
    """[N], False for points that do not fit the others and were left out."""
    position_std_m: float
    turn_std_deg: float
    """How sure that is, if the pixels are off by one, or by the error where that is more."""

    @property
    def rms_px(self) -> float:
        """Of the points that were used."""
        return float(np.sqrt((self.errors_px[self.used] ** 2).mean()))


def solve(intrinsics: Intrinsics, head_m: Floats, pixels: Floats, max_rms_px: float) -> Solution:
    """Points [N, 3] of the head frame and their pixels [N, 2] -> the camera's pose.

    Raises `BadFit` for fewer than 4 points, for points that leave the pose open, and for a pose
    that explains them badly or puts the camera where it cannot be.
    """
    if len(head_m) < MIN_POINTS:
        raise BadFit(
            f"at least {MIN_POINTS} points with pixels are needed, got {len(head_m)}: "
            "take points all over the lower face, 8 or more"
        )
    rays = directions(intrinsics, pixels)
    if rays[:, 2].min() < _WIDEST_COSINE:
        raise BadFit("a point lies at the very edge of the lens's view: leave it out")
    focal_px = float(np.mean(intrinsics.focal_px))
    plane_px = rays[:, :2] / rays[:, 2:] * focal_px
    used = _agreeing(head_m, plane_px, focal_px, max_rms_px)
    poses = _poses(head_m[used], plane_px[used], focal_px)
    if not poses:
        raise BadFit(_degenerate(int(used.sum())))
    solutions = [_solution(intrinsics, head_m, pixels, used, pose) for pose in poses]
    solutions.sort(key=lambda solution: solution.rms_px)
    best = solutions[0]
    _check_error(best, head_m[used], plane_px[used], focal_px, max_rms_px)
    _check_place(best, head_m)
    _check_sure(solutions)
    return best


def _agreeing(
    head_m: Floats, plane_px: Floats, focal_px: float, max_rms_px: float
) -> NDArray[np.bool_]:
    """Which points agree on a pose; few points are all taken at their word."""
    used = np.ones(len(head_m), np.bool_)
    if len(head_m) <= _RANSAC_ABOVE:
        return used
    try:
        found, _, _, inliers = cv2.solvePnPRansac(
            head_m, plane_px, _ideal_matrix(focal_px), np.zeros(4),
            iterationsCount=_RANSAC_ROUNDS, reprojectionError=3 * max_rms_px, confidence=0.999,
            flags=cv2.SOLVEPNP_SQPNP,
        )  # fmt: skip
    except cv2.error:
        return used
    if not found or len(inliers) < max(MIN_POINTS, _MIN_INLIER_SHARE * len(head_m)):
        return used
    used[:] = False
    used[np.ravel(np.asarray(inliers))] = True
    return used


def _poses(head_m: Floats, plane_px: Floats, focal_px: float) -> list[Pose]:
    """Candidates, each refined; more than one where the points allow it."""
    lens = _ideal_matrix(focal_px), np.zeros(4)
    methods = [cv2.SOLVEPNP_SQPNP]
    extent = np.linalg.svd(head_m - head_m.mean(axis=0), compute_uv=False)
    if extent[2] < _FLAT * extent[0]:
        methods.append(cv2.SOLVEPNP_IPPE)
    poses: list[Pose] = []
    for method in methods:
        try:
            found = cv2.solvePnPGeneric(head_m, plane_px, *lens, flags=method)
            for start in zip(found[1], found[2], strict=True):
                turn, shift = cv2.solvePnPRefineLM(head_m, plane_px, *lens, *start)
                rotation = np.asarray(cv2.Rodrigues(turn)[0], np.float64)
                poses.append((rotation, np.asarray(shift, np.float64).ravel()))
        except cv2.error:
            continue
    return [pose for pose in poses if all(np.isfinite(part).all() for part in pose)]


def _solution(
    intrinsics: Intrinsics, head_m: Floats, pixels: Floats, used: NDArray[np.bool_], pose: Pose
) -> Solution:
    turn, shift = pose
    offset = project(intrinsics, head_m @ turn.T + shift) - pixels
    # What lies behind the camera has no pixel at all.
    errors = np.where(np.isnan(offset).any(axis=1), np.inf, np.linalg.norm(offset, axis=1))
    noise_px = max(_CLICK_PX, float(np.sqrt((errors[used] ** 2).mean())))
    position_std_m, turn_std_deg = _uncertainty(intrinsics, head_m[used], turn, shift, noise_px)
    return Solution(
        camera_from_head=turn,
        position_m=-turn.T @ shift,
        errors_px=errors,
        used=used,
        position_std_m=position_std_m,
        turn_std_deg=turn_std_deg,
    )


def _uncertainty(
    intrinsics: Intrinsics, head_m: Floats, turn: Floats, shift: Floats, noise_px: float
) -> tuple[float, float]:
    """Standard deviations of the camera's place (metres) and turn (degrees), the worst axis."""
    slopes = pose_slopes(intrinsics, head_m @ turn.T + shift)
    if not np.isfinite(slopes).all() or np.linalg.matrix_rank(slopes, tol=1e-3) < 6:
        return float("inf"), float("inf")
    covariance = np.linalg.inv(slopes.T @ slopes) * noise_px**2
    turn_std = np.sqrt(np.linalg.eigvalsh(covariance[:3, :3])[-1])
    place_std = np.sqrt(np.linalg.eigvalsh(covariance[3:, 3:])[-1])
    return float(place_std), float(np.degrees(turn_std))


def _rms_px(intrinsics: Intrinsics, head_m: Floats, pixels: Floats, pose: Pose) -> float:
    """NaN when a point has no pixel."""
    offset = project(intrinsics, head_m @ pose[0].T + pose[1]) - pixels
    return float(np.sqrt((offset**2).sum(axis=1).mean()))


def _check_error(
    best: Solution, head_m: Floats, plane_px: Floats, focal_px: float, max_rms_px: float
) -> None:
    if best.rms_px <= max_rms_px:
        return
    mirrored = _poses(head_m, plane_px * (-1, 1), focal_px)
    ideal = Intrinsics(
        model="pinhole", size_px=(1, 1), focal_px=(focal_px, focal_px), centre_px=(0, 0)
    )
    errors = [_rms_px(ideal, head_m, plane_px * (-1, 1), pose) for pose in mirrored]
    if errors and min(errors) * _MIRROR_TIMES < best.rms_px:
        raise BadFit(
            f"the points fit a mirror image (error {min(errors):.1f} px, against "
            f"{best.rms_px:.1f}): left and right are swapped - x points to the avatar's own left - "
            "or the camera looks through a mirror and must be set to undo it"
        )
    worst = int(np.argmax(best.errors_px))
    raise BadFit(
        f"an error of at most {max_rms_px:g} px RMS is asked for, got {best.rms_px:.1f}; the worst "
        f"is point {worst + 1} with {best.errors_px[worst]:.1f}: correct or remove it, or raise "
        "--max-rms-px where the points are of another face than the picture's"
    )


def _check_place(best: Solution, head_m: Floats) -> None:
    depth = (head_m - best.position_m) @ best.camera_from_head[2]
    if depth.min() <= 0:
        raise BadFit(
            "the points come to lie behind the camera: check their pixels, and that their "
            "coordinates are metres of the head frame"
        )
    if best.position_m[2] <= 0:
        raise BadFit(
            f"the camera comes to lie {-best.position_m[2] * 1000:.0f} mm behind the lips: left "
            "and right are swapped (x points to the avatar's own left), or z does not point out "
            "of the face"
        )


def _check_sure(solutions: list[Solution]) -> None:
    best = solutions[0]
    if best.position_std_m > _MAX_POSITION_M or best.turn_std_deg > _MAX_TURN_DEG:
        raise BadFit(_degenerate(int(best.used.sum()), best))
    limit_px = max(_RIVAL_TIMES * best.rms_px, best.rms_px + _RIVAL_FLOOR_PX)
    for other in solutions[1:]:
        apart_deg = angle_deg(best.camera_from_head, other.camera_from_head)
        if other.rms_px < limit_px and apart_deg > _RIVAL_DEG and other.position_m[2] > 0:
            raise BadFit(
                f"two poses, {apart_deg:.0f} degrees apart, explain the points: they lie in one "
                "plane; add some that stand out of it, such as the tip of the nose"
            )


def _degenerate(count: int, best: Solution | None = None) -> str:
    how = ""
    if best is not None and np.isfinite(best.position_std_m):
        how = f" (to {best.position_std_m * 1000:.0f} mm and {best.turn_std_deg:.0f} degrees)"
    return (
        f"{count} points leave the camera's pose open{how}: take more of them, farther apart, not "
        "on one line"
    )


def _ideal_matrix(focal_px: float) -> Floats:
    return np.diag([focal_px, focal_px, 1.0])
