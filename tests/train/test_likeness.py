"""What an error of D_C counts: by place, and by how far renders go."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from train.data import to_float
from train.likeness import MORE_WHERE_IT_CHANGES, SIDE, Likeness


def renders() -> NDArray[np.uint8]:
    """A large corner that goes far, and an eighth of its side that goes an eighth as far."""
    rng = np.random.default_rng(5)
    pictures = np.full((40, SIDE, SIDE, 3), 128, np.uint8)
    pictures[:, :32, :32] += rng.integers(-64, 64, (40, 1, 1, 1)).astype(np.uint8)
    pictures[:, 60:, 60:] += rng.integers(-8, 8, (40, 1, 1, 1)).astype(np.uint8)
    return pictures


def test_a_place_counts_by_how_much_renders_differ_there() -> None:
    """Pictures that are the same but for one quarter, which changes four times the average."""
    pictures = np.full((4, 32, 32, 3), 90, np.uint8)
    pictures[:, :16, :16] = np.array([0, 80, 160, 240], np.uint8)[:, None, None, None]
    counts = Likeness.of(pictures).counts
    assert torch.allclose(counts[:16, :16], torch.tensor(1 + 4 * MORE_WHERE_IT_CHANGES))
    assert (counts[16:] == 1).all()
    assert (counts[:, 16:] == 1).all()


def test_along_an_eigenpicture_a_render_is_as_far_as_renders_go() -> None:
    """Two things change in these pictures, so there are two eigenpictures, and along each the
    renders have a standard deviation of 1 - the faint one as well."""
    pictures = renders()
    likeness = Likeness.of(pictures)
    assert likeness.directions.shape == (2, 3 * SIDE * SIDE)
    x = to_float(pictures)
    along = (x - x.mean(0)).flatten(1) @ likeness.directions.T
    assert torch.allclose(along.std(0, correction=0), torch.ones(2), atol=1e-3)


def test_a_faint_movement_that_is_missed_counts_as_much_as_a_strong_one() -> None:
    pictures = renders()
    likeness = Likeness.of(pictures)
    x = to_float(pictures)
    still = x.mean(0)
    strong, faint = x.clone(), x.clone()
    strong[:, :, :32, :32] = still[:, :32, :32]
    faint[:, :, 60:, 60:] = still[:, 60:, 60:]
    ratio = likeness.by_direction(faint - x) / likeness.by_direction(strong - x)
    assert 0.8 < ratio < 1.25
    assert likeness.by_place(faint - x) < 0.01 * likeness.by_place(strong - x)
    assert likeness.by_direction(torch.zeros_like(x)) == 0


@pytest.mark.parametrize("size", [32, 96, 128])
def test_renders_of_any_size_and_of_many_more_than_are_looked_at(size: int) -> None:
    rng = np.random.default_rng(6)
    pictures = rng.integers(0, 255, (1100 if size == 32 else 5, size, size, 3), np.uint8)
    likeness = Likeness.of(pictures)
    assert likeness.counts.shape == (size, size)
    assert torch.isfinite(likeness.by_direction(to_float(pictures[:4]) - to_float(pictures[1:5])))


def test_renders_that_are_all_alike_have_no_eigenpicture() -> None:
    likeness = Likeness.of(np.full((3, 32, 32, 3), 7, np.uint8))
    assert len(likeness.directions) == 0
    assert likeness.by_direction(torch.ones(2, 3, 32, 32)) == 0
