"""Intervals that hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest

from train.evaluate.bootstrap import Bootstrap, Figure, mean_of, over_runs, r2


def test_the_interval_of_a_mean_is_about_two_standard_errors_to_each_side() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(5, 2, 400)
    figure = Bootstrap(np.arange(400), seed=1).mean(values)
    assert figure.value == pytest.approx(values.mean())
    assert (figure.high - figure.low) / 2 == pytest.approx(1.96 * 2 / 20, rel=0.15)


def test_images_of_one_session_count_as_one_piece_of_evidence() -> None:
    rng = np.random.default_rng(0)
    values = np.repeat(rng.normal(0, 1, 40), 10)  # ten equal images a session
    by_image = Bootstrap(np.arange(400), seed=0).mean(values)
    by_session = Bootstrap(np.repeat(np.arange(40), 10), seed=0).mean(values)
    assert by_session.value == pytest.approx(by_image.value)
    width = (by_session.high - by_session.low) / (by_image.high - by_image.low)
    assert width == pytest.approx(np.sqrt(10), rel=0.15)


def test_a_difference_is_taken_image_by_image() -> None:
    rng = np.random.default_rng(0)
    bootstrap = Bootstrap(np.arange(50), seed=0)
    hard = rng.normal(0, 1, 50)
    difference = bootstrap.mean(hard + 0.1).minus(bootstrap.mean(hard))
    assert (difference.low, difference.value, difference.high) == pytest.approx((0.1, 0.1, 0.1))


def test_of_runs_that_agree_the_interval_is_that_of_the_images() -> None:
    figure = Bootstrap(np.arange(50), seed=0).mean(np.random.default_rng(0).normal(0, 1, 50))
    both = over_runs([figure, figure], np.random.default_rng(1))
    assert (both.value, both.low, both.high) == (figure.value, figure.low, figure.high)


def test_of_runs_that_differ_the_interval_is_wider_than_that_of_their_mean() -> None:
    bootstrap = Bootstrap(np.arange(400), seed=0)
    values = np.random.default_rng(0).normal(0, 1, 400)
    runs = [bootstrap.mean(values + shift) for shift in (-1.0, 0.0, 1.0)]
    images_alone, both = mean_of(runs), over_runs(runs, np.random.default_rng(1))
    assert both.value == pytest.approx(images_alone.value)
    assert images_alone.high - images_alone.low < 0.3
    assert (both.high - both.low) / 2 == pytest.approx(1.96 * np.sqrt(2 / 3 / 3), rel=0.15)


def test_of_figures_without_resamples_the_range_is_given() -> None:
    floors = [Figure(value=v, low=v - 1, high=v + 1) for v in (0.0, 3.0)]
    figure = over_runs(floors, np.random.default_rng(0))
    assert (figure.value, figure.low, figure.high) == (1.5, -1.0, 4.0)


def test_a_ratio_is_that_of_the_sums() -> None:
    figure = Bootstrap(np.arange(2), seed=0).ratio(np.array([1.0, 3.0]), np.array([2.0, 2.0]))
    assert figure.value == pytest.approx(1.0)


def test_r2_is_one_for_the_truth_and_zero_for_its_mean() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(0, [1, 5], (30, 2))
    bootstrap = Bootstrap(np.arange(30), seed=0)
    assert r2(truth, truth, bootstrap).value == 1
    assert r2(np.broadcast_to(truth.mean(0), truth.shape), truth, bootstrap).value == pytest.approx(
        0
    )
    half = truth + np.sqrt(0.5) * truth.std(0) * rng.choice([-1, 1], truth.shape)
    assert r2(half, truth, bootstrap).value == pytest.approx(0.5)
