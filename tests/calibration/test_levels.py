"""Levels and drift: what is noticed, what is tolerated."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from calibration.errors import BadImages
from calibration.levels import Levels, PhotometricStats, drift

Images = list[np.ndarray]


def session(lights: tuple[float, ...] = (1.0,), count: int = 24, seed: int = 0) -> Images:
    """Pictures of one scene under lights of several strengths, with noise."""
    scene = np.random.default_rng(7).uniform(30, 180, (16, 16, 3)).repeat(4, 0).repeat(4, 1)
    rng = np.random.default_rng(seed)
    return [
        np.clip(scene * lights[i % len(lights)] + rng.normal(0, 4, scene.shape), 0, 255).astype(
            np.uint8
        )
        for i in range(count)
    ]


def changed(change: Callable[[np.ndarray], np.ndarray]) -> Images:
    return [np.clip(change(i.astype(float)), 0, 255).astype(np.uint8) for i in session(seed=1)]


def test_figures_are_those_of_the_pixels() -> None:
    images = session()
    stats = PhotometricStats.of(images)
    pixels = np.stack(images)
    assert stats.pictures == 24
    np.testing.assert_allclose(stats.mean, pixels.mean(axis=(0, 1, 2)), atol=0.01)
    percentiles = np.percentile(pixels.reshape(-1, 3), (1, 5, 25, 50, 75, 95, 99), axis=0).T
    np.testing.assert_allclose(stats.percentiles, percentiles, atol=1)
    assert stats.clipped == pytest.approx((pixels >= 254).mean(), abs=1e-5)


def test_one_by_one_is_the_same_as_all_at_once() -> None:
    levels = Levels()
    for image in session():
        levels.add(image)
    assert len(levels) == 24
    assert levels.stats() == PhotometricStats.of(session())


def test_stats_survive_the_file() -> None:
    stats = PhotometricStats.of(session())
    assert PhotometricStats.model_validate_json(stats.model_dump_json()) == stats


def test_the_same_light_is_no_drift() -> None:
    moved = drift(PhotometricStats.of(session()), PhotometricStats.of(session(seed=1)))
    assert moved.warnings == ()
    assert moved.contrast == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        (lambda i: i * 0.7, "darker than in training: mean 72 against 104"),
        (lambda i: i + 40, "brighter than in training"),
        (lambda i: 105 + (i - 105) * 0.4, "less contrast than in training"),
        (lambda i: i * (1.25, 1.0, 0.85), "more red than in training"),
        (lambda i: i * (1.1, 1.1, 0.8), "more yellow than in training"),
        (lambda i: np.where(i > 150, 255, i), "overexposed"),
    ],
)
def test_a_change_of_light_is_named(
    change: Callable[[np.ndarray], np.ndarray], warning: str
) -> None:
    moved = drift(PhotometricStats.of(session()), PhotometricStats.of(changed(change)))
    assert any(warning in line for line in moved.warnings), moved.warnings


def test_training_in_many_lights_tolerates_many() -> None:
    reference = PhotometricStats.of(session(lights=(0.6, 0.8, 1.0, 1.2)))
    assert drift(reference, PhotometricStats.of(changed(lambda i: i * 0.7))).warnings == ()


def test_a_black_picture_divides_by_nothing() -> None:
    black = PhotometricStats.of([np.zeros((8, 8, 3), np.uint8)])
    assert drift(PhotometricStats.of(session()), black).warnings


def test_no_picture_has_no_levels() -> None:
    with pytest.raises(BadImages, match="no picture"):
        PhotometricStats.of([])
