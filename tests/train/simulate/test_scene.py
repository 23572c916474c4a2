"""The slop of the headset is of a few pixels, lights stand before the face, clips drift."""

from __future__ import annotations

import numpy as np
import pytest

from train.simulate import scene
from train.simulate.optics import Camera
from train.simulate.scene import Shot

SIZE_PX = 256
CORNERS_M = ((0.023, 0.0, -0.01), (-0.023, 0.0, -0.01))


@pytest.fixture(scope="module")
def stills() -> list[Shot]:
    return [
        scene.still(np.random.default_rng([0, i]), np.random.default_rng([1, i // 50]), 3)
        for i in range(1000)
    ]


def mouth(shot: Shot) -> np.ndarray:
    return shot.camera.project(CORNERS_M, SIZE_PX)


def test_slop_shifts_turns_and_scales_by_a_few_pixels(stills: list[Shot]) -> None:
    worn = Camera.at(scene.VIEWPOINT).project(CORNERS_M, SIZE_PX)
    seen = np.array([mouth(shot) for shot in stills])
    shift = np.linalg.norm(seen.mean(axis=1) - worn.mean(axis=0), axis=1)
    assert 2 < np.median(shift) < 8
    assert shift.max() < 30
    across = seen[:, 0] - seen[:, 1]
    scale = np.linalg.norm(across, axis=1) / np.linalg.norm(worn[0] - worn[1])
    assert 0.01 < scale.std() < 0.05
    turn_deg = np.degrees(np.arctan2(across[:, 1], across[:, 0]))
    assert 0.5 < turn_deg.std() < 3


def test_a_session_wears_its_headset_one_way(stills: list[Shot]) -> None:
    x = np.array([mouth(shot)[:, 0].mean() for shot in stills]).reshape(-1, 50)
    assert x.std(axis=1).mean() < 0.8 * x.std()


def test_lights_stand_before_the_face(stills: list[Shot]) -> None:
    counts = {len(shot.lighting.lights) for shot in stills}
    assert counts == {1, 2, 3}
    for shot in stills[:200]:
        for light in shot.lighting.lights:
            assert light.position_m[2] > 0
            assert 0.2 < np.linalg.norm(light.position_m) < 0.85
            assert min(light.color) >= 0


def test_every_background_is_used(stills: list[Shot]) -> None:
    assert {shot.backdrop.image for shot in stills} == {0, 1, 2}


def test_a_clip_drifts_without_a_jump() -> None:
    shots = scene.moving(np.random.default_rng(0), 300, 30, 3)
    x = np.array([mouth(shot)[:, 0].mean() for shot in shots])
    assert np.abs(np.diff(x)).max() < 1.5
    assert np.ptp(x) > 3
    light = np.array([shot.lighting.lights[0].position_m for shot in shots])
    assert np.abs(np.diff(light, axis=0)).max() < 0.03
    assert len({shot.backdrop.image for shot in shots}) == 1
