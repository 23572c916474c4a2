"""One picture at a time: corners to a fraction of a pixel, and why a picture is of no use."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.board.detect import (
    BLURRED_PX,
    Detector,
    Miss,
    Sighting,
    edge_width_px,
    recognise_dictionary,
)
from calibration.board.target import Board
from calibration.images import Image, Picture
from calibration.opencv import cv2
from calibration.profile import Intrinsics
from tests.calibration.simulated import (
    BOARD,
    FISHEYE,
    PINHOLE,
    BoardCamera,
    board_poses,
    project,
)


@pytest.fixture(scope="module")
def camera() -> BoardCamera:
    return BoardCamera(PINHOLE, BOARD)


POSE = board_poses(PINHOLE, BOARD, 16)[6]


def look(image: Image, board: Board = BOARD) -> Sighting | Miss:
    return Detector(board)(Picture(name="it", image=image))


def why(image: Image, board: Board = BOARD) -> str:
    found = look(image, board)
    assert isinstance(found, Miss)
    assert found.name == "it"
    return found.reason


@pytest.mark.parametrize("lens", [PINHOLE, FISHEYE])
def test_corners_are_where_the_lens_puts_them(lens: Intrinsics) -> None:
    pose = board_poses(lens, BOARD, 16)[6]
    seen = look(BoardCamera(lens, BOARD).picture(pose))
    assert isinstance(seen, Sighting)
    assert len(seen.ids) > 25
    off = seen.corners_px - project(lens, seen.points_m, pose)
    assert np.sqrt((off**2).sum(axis=1).mean()) < 0.15
    assert np.abs(off.mean(axis=0)).max() < 0.05  # OpenCV 4.10 alone: 0.5 px to the lower right


def test_a_picture_out_of_focus_is_named_blurred(camera: BoardCamera) -> None:
    assert isinstance(look(camera.picture(POSE, blur_px=1.2)), Sighting)
    for blur_px in (3.0, 6.0):
        assert why(camera.picture(POSE, blur_px=blur_px)) == "blurred"


def test_motion_is_blur_although_edges_along_it_stay_sharp(camera: BoardCamera) -> None:
    sharp = camera.picture(POSE)
    assert edge_width_px(sharp[..., 0]) < 0.75 * BLURRED_PX
    moved = cv2.blur(sharp, (14, 1))
    assert why(np.asarray(moved, np.uint8)) == "blurred"


def test_no_board_at_all(camera: BoardCamera) -> None:
    sharp_scene = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    assert why(sharp_scene) == "no board"
    assert why(np.zeros((480, 640, 3), np.uint8)) in ("no board", "blurred")


def test_a_board_of_another_layout_is_told_from_no_board(camera: BoardCamera) -> None:
    other = Board(squares=(7, 9), square_mm=25.0, marker_mm=18.0, dictionary="5x5_100")
    assert why(BoardCamera(PINHOLE, other).picture(POSE)) == "another board"


def test_another_dictionary_is_recognised(camera: BoardCamera) -> None:
    other = BOARD.with_dictionary("6x6_100")
    image = BoardCamera(PINHOLE, other).picture(POSE)
    assert why(image) == "no board"
    assert recognise_dictionary([Picture(name="it", image=image)], BOARD) == "6x6_250"
    assert recognise_dictionary([Picture(name="it", image=image)], other) is None
