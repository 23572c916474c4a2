"""Encoding, and the faults of a camera."""

from __future__ import annotations

import numpy as np
import pytest

from train.simulate.sensor import SHOULDER, Sensor, develop, encode, linear

GREY = np.full((64, 64, 3), 0.2, np.float32)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_encode_undoes_linear_below_the_shoulder() -> None:
    codes = np.arange(256, dtype=np.uint8).reshape(16, 16)
    light = linear(codes)
    np.testing.assert_array_equal(encode(light)[light < SHOULDER], codes[light < SHOULDER])


def test_highlights_roll_off_and_never_turn_back() -> None:
    codes = encode(np.linspace(-1, 50, 1000, dtype=np.float32)).astype(int)
    assert (np.diff(codes) >= 0).all()
    assert codes[0] == 0
    assert codes[-1] >= 254


def test_a_perfect_sensor_only_encodes() -> None:
    np.testing.assert_array_equal(develop(GREY, Sensor(), rng()), encode(GREY))


def test_exposure_vignette_and_white_balance() -> None:
    image = develop(
        GREY, Sensor(exposure=2.0, vignette=0.5, white_balance=(1.1, 1.0, 0.9)), rng()
    ).astype(int)
    red, green, blue = image[32, 32]
    assert red > green > blue > encode(GREY)[32, 32, 2]
    assert image[0, 0, 1] == pytest.approx(encode(GREY)[0, 0, 1], abs=2)  # half of twice the light


def test_noise_grows_with_light_and_repeats_with_its_seed() -> None:
    sensor = Sensor(shot_noise=0.05, read_noise=0.002)
    dark, bright = (linear(develop(GREY * level, sensor, rng())).std() for level in (0.1, 2.0))
    assert 2 * dark < bright
    np.testing.assert_array_equal(develop(GREY, sensor, rng()), develop(GREY, sensor, rng()))


def test_compression_changes_little() -> None:
    image = np.random.default_rng(1).random((64, 64, 1), np.float32).repeat(3, axis=2)
    smooth = np.asarray(image * 0.1 + 0.2, np.float32)
    plain, pressed = (
        develop(smooth, Sensor(jpeg_quality=quality), rng()).astype(int) for quality in (None, 90)
    )
    assert 0 < np.abs(plain - pressed).mean() < 4
