"""Medians and their intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from train.synthetic.statistics import difference, spread


def test_the_interval_holds_the_median_and_narrows_with_seeds() -> None:
    rng = np.random.default_rng(1)
    few, many = spread(rng.normal(5, 1, 16)), spread(rng.normal(5, 1, 1024))
    for one in (few, many):
        assert one.least <= one.quartiles[0] <= one.median <= one.quartiles[1] <= one.most
        assert one.interval[0] <= one.median <= one.interval[1]
    width = many.interval[1] - many.interval[0]
    assert 0 < width < 0.3 * (few.interval[1] - few.interval[0])


def test_diverged_runs_are_left_out() -> None:
    assert spread(np.array([1.0, math.nan, 3.0])).median == 2
    assert math.isnan(spread(np.array([math.nan])).median)
    assert math.isnan(difference(np.array([math.nan]), np.array([1.0])).median)


def test_differences_are_taken_seed_by_seed() -> None:
    result = difference(np.array([1.0, 2, 3, 4]), np.array([0.5, 1.5, 2.5, 4.5]))
    assert result.median == pytest.approx(0.5)
    assert result.share_above == 0.75
    assert result.agreement == pytest.approx(np.corrcoef([1, 2, 3, 4], [0.5, 1.5, 2.5, 4.5])[0, 1])
    assert math.isnan(difference(np.ones(3), np.arange(3.0)).agreement)
