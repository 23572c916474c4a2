"""Stills cover the mouth's range and stay plausible; speech looks like speech."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.simulate.arkit import ARKIT_SHAPES
from train.simulate.expressions import DRIVEN, Expression, Face, plausible

FPS = 30
FACE = Face(ARKIT_SHAPES)


@pytest.fixture(scope="module")
def stills() -> list[Expression]:
    return [FACE.still(np.random.default_rng(seed)) for seed in range(400)]


@pytest.fixture(scope="module")
def speech() -> list[Expression]:
    return FACE.speech(np.random.default_rng(1), 30.0, FPS)


def column(frames: list[Expression], name: str) -> np.ndarray:
    return np.array([frame[name] for frame in frames])


def test_every_driven_shape_is_arkits_and_is_exercised(stills: list[Expression]) -> None:
    assert set(DRIVEN) <= set(ARKIT_SHAPES)
    assert FACE.shapes == DRIVEN
    for name in DRIVEN:
        values = column(stills, name)
        assert 0 <= values.min() < 0.05, name
        assert (0.3 if name == "mouthClose" else 0.5) < values.max() <= 1, name


def test_each_shape_is_seen_alone_at_its_most_in_one_turn() -> None:
    count = len(DRIVEN)
    faces = [FACE.alone(np.random.default_rng(n), n) for n in range(2 * count)]
    for number, name in enumerate(DRIVEN):
        first, second = faces[number], faces[count + number]
        assert first[name] == (0.8 if name == "mouthClose" else 1.0), name
        assert 0 <= second[name] <= first[name]
        assert {n for n, value in first.items() if value > 0} <= {name, "jawOpen"}


def test_smiles_are_asymmetric_both_ways(stills: list[Expression]) -> None:
    difference = column(stills, "mouthSmileLeft") - column(stills, "mouthSmileRight")
    assert difference.min() < -0.15 < 0.15 < difference.max()


def test_only_shapes_that_the_avatar_has() -> None:
    face = Face(("jawOpen", "mouthPucker", "eyeBlinkLeft"))
    assert set(face.still(np.random.default_rng(0))) == {"jawOpen", "mouthPucker"}
    assert set(face.speech(np.random.default_rng(0), 0.1, FPS)[0]) == {"jawOpen", "mouthPucker"}


@given(st.dictionaries(st.sampled_from(DRIVEN), st.floats(-1, 3)))
def test_plausible(face: Expression) -> None:
    result = plausible(face)
    jaw = result.get("jawOpen", 0.0)
    assert all(value >= 0 for value in result.values())
    for name in ("mouth", "jaw"):
        assert min(result[f"{name}Left"], result[f"{name}Right"]) == 0
    assert result["mouthClose"] <= jaw
    if jaw > 0.3:
        assert result.get("mouthPressLeft", 0) == result.get("mouthRollUpper", 0) == 0


def test_speech_is_smooth_and_moves(speech: list[Expression]) -> None:
    assert len(speech) == 30 * FPS
    for name in DRIVEN:
        assert np.abs(np.diff(column(speech, name))).max() < 0.35, name


def test_speech_has_syllables_and_pauses(speech: list[Expression]) -> None:
    jaw = column(speech, "jawOpen")
    peaks = (jaw[1:-1] > jaw[:-2]) & (jaw[1:-1] >= jaw[2:]) & (jaw[1:-1] > 0.1)
    assert 1.5 < peaks.sum() / 30 < 7
    closed = jaw < 0.02
    assert 0.05 < closed.mean() < 0.6
    assert column(speech, "mouthSmileLeft").max() > 0.3


def test_the_seed_decides() -> None:
    first, again, other = (FACE.still(np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert first == again != other
