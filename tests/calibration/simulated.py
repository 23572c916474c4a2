"""A simulated camera for the tests: pictures of a board through a lens, noise and all.

The lens is OpenCV's own `projectPoints` and `undistortPoints`, so that the code under test, which
has a fisheye of its own, is measured against something else.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2  # noqa: TID251
import numpy as np
from numpy.typing import NDArray

from calibration.board.target import Board, draw_board
from calibration.images import Image
from calibration.profile import Intrinsics

Floats = NDArray[np.float64]

PINHOLE = Intrinsics(
    model="pinhole", size_px=(640, 480), focal_px=(520.0, 515.0), centre_px=(331.0, 228.0),
    distortion=(-0.28, 0.09, 0.001, -0.0008, 0.0),
)  # fmt: skip
FISHEYE = Intrinsics(
    model="fisheye", size_px=(640, 480), focal_px=(262.0, 260.0), centre_px=(331.0, 228.0),
    distortion=(-0.02, 0.006, -0.004, 0.0008),
)  # fmt: skip
BOARD = Board(squares=(10, 7), square_mm=25.0, marker_mm=18.0, dictionary="5x5_100")

_TEXTURE_PX = 32
_OVERSAMPLING = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pose:
    """Of the board or a head: a point p of it is at `turn @ p + shift_m` in the camera's frame."""

    turn: Floats
    shift_m: Floats


def matrix(lens: Intrinsics) -> Floats:
    (fx, fy), (cx, cy) = lens.focal_px, lens.centre_px
    return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]])


def project(lens: Intrinsics, points: Floats, pose: Pose) -> Floats:
    """[N, 3] -> pixels [N, 2], by OpenCV."""
    turn = cv2.Rodrigues(pose.turn)[0]
    k, points = np.array(lens.distortion), points.reshape(-1, 1, 3)
    if lens.model == "fisheye":
        pixels = cv2.fisheye.projectPoints(points, turn, pose.shift_m, matrix(lens), k)[0]
    else:
        pixels = cv2.projectPoints(points, turn, pose.shift_m, matrix(lens), k)[0]
    return pixels.reshape(-1, 2)


def board_poses(lens: Intrinsics, board: Board, count: int, seed: int = 1) -> list[Pose]:
    """The board all over the picture, near and far, tilted by up to 40 degrees."""
    rng = np.random.default_rng(seed)
    columns = math.ceil(math.sqrt(count * 4 / 3))
    rows = math.ceil(count / columns)
    middle = np.array([*board.squares, 0]) * board.square_mm / 2000
    length = board.squares[0] * board.square_mm / 1000
    poses = []
    for index in range(count):
        turn = cv2.Rodrigues(rng.uniform(-1, 1, 3) * (0.6, 0.6, 0.4))[0]
        near = 0.5 if lens.model == "fisheye" else 1.25
        distance = length * near * rng.uniform(0.85, 1.25)
        place = (np.array([index % columns, index // columns]) + 0.5) / (columns, rows)
        aim = (place - 0.5) * 0.95 * lens.size_px + (np.array(lens.size_px) - 1) / 2
        ray = np.array([*rays_of(lens, aim.reshape(1, 1, 2))[0, 0], 1.0])
        ray /= np.linalg.norm(ray)
        turn = _facing(ray) @ turn
        poses.append(Pose(turn=turn, shift_m=ray * distance - turn @ middle))
    return poses


class BoardCamera:
    """Takes pictures of a board."""

    def __init__(self, lens: Intrinsics, board: Board, seed: int = 0) -> None:
        self._lens, self._board = lens, board
        self._rng = np.random.default_rng(seed)
        self._rays = _all_rays(lens)
        paper = draw_board(board, _TEXTURE_PX)
        self._paper = np.pad(paper, _TEXTURE_PX, constant_values=255)

    def picture(self, pose: Pose, blur_px: float = 0.6, noise: float = 2.5) -> Image:
        """uint8[H, W, 3]: grey, soft by `blur_px`, with noise of so many levels."""
        board_from_rays = np.linalg.inv(np.column_stack([pose.turn[:, :2], pose.shift_m]))
        texels_per_m = _TEXTURE_PX / (self._board.square_mm / 1000)
        texels_from_board = np.array(
            [[texels_per_m, 0, _TEXTURE_PX - 0.5], [0, texels_per_m, _TEXTURE_PX - 0.5], [0, 0, 1]]
        )
        x, y, depth = cv2.split(cv2.transform(self._rays, texels_from_board @ board_from_rays))
        x, y = x / depth, y / depth
        x[depth <= 0] = -1e4
        seen = cv2.remap(self._paper, x, y, cv2.INTER_LINEAR, borderValue=(90,))
        seen = cv2.resize(seen, self._lens.size_px, interpolation=cv2.INTER_AREA)
        seen = cv2.GaussianBlur(seen, (0, 0), blur_px) * 0.8 + 20
        noisy = seen + self._rng.normal(0, noise, seen.shape)
        return np.repeat(np.clip(noisy, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def _facing(ray: Floats) -> Floats:
    """The least turn that makes what faced the camera on its axis face it on this ray."""
    axis = np.cross((0.0, 0.0, 1.0), ray)
    sine = np.linalg.norm(axis)
    return cv2.Rodrigues(axis / max(sine, 1e-9) * math.atan2(sine, ray[2]))[0]


def write_clip(path: Path, images: Iterable[Image], fps: float = 30.0) -> Path:
    """Motion JPEG of good quality (.avi)."""
    writer: cv2.VideoWriter | None = None
    for image in images:
        if writer is None:
            size_px = image.shape[1], image.shape[0]
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), fps, size_px)
            writer.set(cv2.VIDEOWRITER_PROP_QUALITY, 97)
        writer.write(image[..., ::-1])
    assert writer is not None
    writer.release()
    return path


@cache
def _all_rays(lens: Intrinsics) -> NDArray[np.float32]:
    """[h, w, 3]: what each pixel of the oversampled picture sees, on the plane z = 1."""
    width, height = (side * _OVERSAMPLING for side in lens.size_px)
    grid = np.stack(np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5), axis=-1)
    plane = rays_of(lens, grid / _OVERSAMPLING - 0.5)
    return np.dstack([plane, np.ones_like(plane[..., 0])]).astype(np.float32)


def rays_of(lens: Intrinsics, pixels: Floats) -> Floats:
    """[h, w, 2] pixels -> x / z, y / z of what they see, by OpenCV."""
    undistort = cv2.fisheye.undistortPoints if lens.model == "fisheye" else _undistort_pinhole
    flat = undistort(pixels.reshape(-1, 1, 2), matrix(lens), np.array(lens.distortion))
    return flat.reshape(pixels.shape)


def _undistort_pinhole(pixels: Floats, camera: Floats, distortion: Floats) -> Floats:
    criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 100, 1e-10)
    if hasattr(cv2, "undistortPointsIter"):
        return cv2.undistortPointsIter(pixels, camera, distortion, np.eye(3), np.eye(3), criteria)
    return cv2.undistortPoints(pixels, camera, distortion, criteria=criteria)
