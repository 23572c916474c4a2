"""A user whom nobody tuned for: a strong fisheye, mounted sideways and off-centre, in other light,
before another avatar's face. Makes what such a user has: board pictures, a clip, clicked points.

The camera is simulated with OpenCV's own fisheye, not with the code under test.
"""

from __future__ import annotations

import csv
import math
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import cv2  # noqa: TID251
import numpy as np
from numpy.typing import NDArray

from calibration.board.target import Board
from calibration.images import Image, write_image
from calibration.profile import Intrinsics
from tests.calibration.simulated import BoardCamera, Pose, board_poses, project, rays_of
from train.simulate.avatar import Avatar
from train.simulate.expressions import Expression, Face
from train.simulate.optics import Camera, Light, Lighting, Vec3
from train.simulate.renderer import Renderer
from train.simulate.rig import Rig
from train.simulate.sensor import Sensor, develop

LENS = Intrinsics(
    model="fisheye", size_px=(720, 540), focal_px=(300.0, 297.0), centre_px=(381.0, 257.0),
    distortion=(0.02, -0.008, 0.003, -0.0005),
)  # fmt: skip
POSITION_M = (0.012, -0.03, 0.085)
"""Of the camera in the head frame: below the mouth, to the wearer's left."""
BOARD = Board(squares=(10, 7), square_mm=12.0, marker_mm=8.6, dictionary="5x5_100")
TANGENT = 2.6
"""How far the ideal camera sees that the fisheye's picture is taken from; beyond it is dark."""

LIGHTS = (
    Lighting(
        lights=(Light(position_m=(-0.3, 0.1, 0.3), color=(0.9, 0.6, 0.4)),),
        sky=(0.05, 0.05, 0.08), ground=(0.03, 0.03, 0.03),
    ),
    Lighting(
        lights=(Light(position_m=(0.3, -0.1, 0.35), color=(0.4, 0.5, 0.8)),
                Light(position_m=(0.0, 0.3, 0.2), color=(0.3, 0.3, 0.3))),
        sky=(0.1, 0.1, 0.1), ground=(0.05, 0.05, 0.05),
    ),
)  # fmt: skip
SENSOR = Sensor(shot_noise=0.02, read_noise=0.003, vignette=0.3)


def pose() -> Pose:
    """Of the head before the camera, whose picture stands upright when turned clockwise."""
    position = np.array(POSITION_M)
    forward = np.array([0.0, -0.005, 0.0]) - position
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, (0.0, 1.0, 0.0))
    right /= np.linalg.norm(right)
    upright = np.stack([right, np.cross(forward, right), forward])
    turn = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]) @ upright
    return Pose(turn=turn, shift_m=-turn @ position)


def write_board_photos(folder: Path, count: int = 12) -> None:
    folder.mkdir()
    camera = BoardCamera(LENS, BOARD)
    for index, place in enumerate(board_poses(LENS, BOARD, count)):
        write_image(folder / f"{index:02d}.png", camera.picture(place))


def click(points: Path, noise_px: float = 1.0) -> None:
    """Fill in the pixels of a file of points, as somebody with a steady hand would."""
    with points.open(newline="") as file:
        rows = list(csv.DictReader(file))
    head_m = np.array([[float(row[f"{axis}_m"]) for axis in "xyz"] for row in rows])
    pixels = project(LENS, head_m, pose())
    pixels += np.random.default_rng(3).normal(0, noise_px, pixels.shape)
    for row, (u, v) in zip(rows, pixels.tolist(), strict=True):
        row["u_px"], row["v_px"] = f"{u:.1f}", f"{v:.1f}"
    with points.open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


class FaceCamera:
    """Films the avatar with `LENS` from `pose`."""

    def __init__(self, avatar: Path, scene_px: int = 700) -> None:
        loaded = Avatar.load(avatar)
        self.shapes = loaded.shapes
        self._renderer = Renderer(Rig(loaded), (scene_px, scene_px))
        forward = pose().turn[2]
        self._camera = Camera(
            position_m=POSITION_M, look_at_m=tuple((np.array(POSITION_M) + forward).tolist()),
            vertical_fov_deg=2 * math.degrees(math.atan(TANGENT)),
        )  # fmt: skip
        width, height = LENS.size_px
        pixels = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1).astype(float)
        down, left = np.moveaxis(rays_of(LENS, pixels), 2, 0)  # the camera lies on its side
        x, y = ((place / TANGENT + 1) * scene_px / 2 - 0.5 for place in (-left, down))
        self._table = x.astype(np.float32), y.astype(np.float32)

    def light(
        self, face: Expression, lighting: Lighting, slip_m: Vec3 = (0.0, 0.0, 0.0)
    ) -> NDArray[np.float32]:
        """float32[540, 720, 3], linear. slip_m: how far the headset has slipped."""
        position, target = (
            tuple(np.add(place, slip_m).tolist())
            for place in (self._camera.position_m, self._camera.look_at_m)
        )
        camera = replace(self._camera, position_m=position, look_at_m=target)
        drawn = self._renderer.render_linear(face, camera, lighting)
        return cv2.remap(np.ascontiguousarray(drawn), *self._table, cv2.INTER_LINEAR)

    def clip(self, count: int, fps: float) -> list[Image]:
        """uint8[540, 720, 3] RGB each: somebody talks while the light changes."""
        rng = np.random.default_rng(5)
        faces = Face(self.shapes).speech(rng, count / fps, fps)
        return [
            develop(self.light(face, LIGHTS[2 * index // count]), SENSOR, rng)
            for index, face in enumerate(faces)
        ]

    def close(self) -> None:
        self._renderer.close()


def film(avatar: Path, count: int, fps: float) -> list[Image]:
    """Pictures of the avatar's face, see `FaceCamera.clip`."""
    with closing(FaceCamera(avatar)) as camera:
        return camera.clip(count, fps)
