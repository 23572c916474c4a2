"""The lens against OpenCV's own functions, and where those do not reach."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.lens import directions, pose_slopes, project
from calibration.profile import Intrinsics
from tests.calibration import simulated
from tests.calibration.simulated import FISHEYE, PINHOLE, Pose

NO_MOVE = Pose(turn=np.eye(3), shift_m=np.zeros(3))


def points_ahead(count: int = 200) -> np.ndarray:
    return np.random.default_rng(0).uniform((-0.6, -0.5, 1), (0.6, 0.5, 2), (count, 3))


@pytest.mark.parametrize("lens", [PINHOLE, FISHEYE])
def test_pixels_are_those_of_opencv(lens: Intrinsics) -> None:
    expected = simulated.project(lens, points_ahead(), NO_MOVE)
    np.testing.assert_allclose(project(lens, points_ahead()), expected, atol=1e-6)


@pytest.mark.parametrize("lens", [PINHOLE, FISHEYE])
def test_directions_are_the_way_back_from_every_pixel(lens: Intrinsics) -> None:
    grid = np.stack(np.meshgrid(np.linspace(0, 639, 21), np.linspace(0, 479, 16)), -1)
    rays = directions(lens, grid.reshape(-1, 2))
    np.testing.assert_allclose(np.linalg.norm(rays, axis=1), 1)
    np.testing.assert_allclose(project(lens, rays), grid.reshape(-1, 2), atol=1e-4)


def test_a_fisheye_sees_behind_itself() -> None:
    wide = FISHEYE.model_copy(update={"distortion": (0.0, 0.0, 0.0, 0.0)})
    angle = np.radians(100)
    ray = np.array([[np.sin(angle), 0, np.cos(angle)]])
    pixel = project(wide, ray)
    np.testing.assert_allclose(pixel, [[331 + 262 * angle, 228]])
    np.testing.assert_allclose(directions(wide, pixel), ray)


def test_what_cannot_be_seen_has_no_pixel() -> None:
    behind, far_off_axis = [0.1, 0.0, -1.0], [3.0, 0.0, 1.0]
    # With k1 = -0.28 and k2 = 0.09 the radius stops growing at a tangent of about 1.5: a point
    # at 3 would come back into the picture as a ghost.
    bent = PINHOLE.model_copy(update={"distortion": (-0.28, 0.0, 0.0, 0.0)})
    assert np.isnan(project(bent, np.array([behind, far_off_axis]))).all()
    assert np.isfinite(project(bent, np.array([[0.5, 0.0, 1.0]]))).all()


@pytest.mark.parametrize("lens", [PINHOLE, FISHEYE])
def test_slopes_foretell_a_small_move(lens: Intrinsics) -> None:
    points = points_ahead(20)
    turn, move = np.array([0.001, -0.002, 0.0015]), np.array([0.001, 0.002, -0.001])
    moved = points + np.cross(turn, points) + move
    foretold = (pose_slopes(lens, points) @ np.concatenate([turn, move])).reshape(-1, 2)
    np.testing.assert_allclose(project(lens, moved) - project(lens, points), foretold, atol=0.02)
