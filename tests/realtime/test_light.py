"""A change of light is said once, and its end as well."""

from __future__ import annotations

import numpy as np

from calibration.levels import PhotometricStats
from realtime.frame import Image
from realtime.light import EVERY, WINDOW, LightWatch

RANDOM = np.random.default_rng(0)
FACE = RANDOM.integers(60, 140, (32, 32, 3), np.uint8)
REFERENCE = PhotometricStats.of([FACE])


def watch(*views: Image) -> tuple[LightWatch, list[str]]:
    """What is said of each of these views when it lasts for a window."""
    said: list[str] = []
    light = LightWatch(REFERENCE, said.append)
    for view in views:
        for _ in range(EVERY * WINDOW):
            light.add(view)
    return light, said


def test_the_light_of_training_is_nothing_to_speak_of() -> None:
    light, said = watch(FACE, FACE)
    assert light.warnings == ()
    assert said == []


def test_another_light_is_said_once_for_as_long_as_it_lasts() -> None:
    light, said = watch(FACE, FACE // 2, FACE // 2)
    assert any("darker than in training" in line for line in light.warnings)
    assert len(said) == len(light.warnings)
    assert all(line.startswith("light: the picture") for line in said)


def test_its_end_is_said_too() -> None:
    light, said = watch(FACE // 2, FACE)
    assert light.warnings == ()
    assert said[-1] == "light: as in training again"


def test_a_moment_is_no_drift() -> None:
    said: list[str] = []
    light = LightWatch(REFERENCE, said.append)
    for number in range(2 * EVERY * WINDOW):
        light.add(FACE // 4 if number < 8 else FACE)
    assert said == []
