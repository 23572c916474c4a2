"""Change that the truth does not have."""

from __future__ import annotations

import numpy as np
import pytest

from train.evaluate.flicker import flicker
from train.runs import Images


def clip(levels: list[float]) -> Images:
    """Grey frames, uint8[T,4,4,3]."""
    return np.broadcast_to(
        np.array(levels, np.uint8)[:, None, None, None], (len(levels), 4, 4, 3)
    ).copy()


TRUTH = clip([10 * min(t, 10) for t in range(60)])  # moves ten steps, then holds still


def test_the_truth_itself_does_not_flicker() -> None:
    figures = flicker(TRUTH, TRUTH, fps=10, seed=0)
    assert figures["flicker"].value == figures["flicker_ratio"].value == 0


def test_a_still_picture_misses_all_motion_and_shows_none_of_its_own() -> None:
    figures = flicker(np.zeros_like(TRUTH), TRUTH, fps=10, seed=0)
    assert figures["flicker_ratio"].value == pytest.approx(1)
    assert figures["still_flicker"].value == 0


def test_shimmer_at_constant_expression_is_seen() -> None:
    shimmer = TRUTH + (np.arange(60) % 2 * 3).astype(np.uint8)[:, None, None, None]
    figures = flicker(shimmer, TRUTH, fps=10, seed=0)
    assert figures["flicker"].value == pytest.approx(3)
    assert figures["still_flicker"].value == pytest.approx(3)
    assert figures["still_flicker_of_truth"].value == 0
