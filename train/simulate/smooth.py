"""Curves over time: Gaussian smoothing, and noise that wanders."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def smoothed(curves: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    """Each column of [T, K] convolved with a Gaussian of `sigma` samples; ends are held."""
    reach = max(1, int(np.ceil(3 * sigma)))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(sigma, 1e-6)) ** 2)
    kernel /= kernel.sum()
    padded = np.pad(curves, ((reach, reach), (0, 0)), mode="edge")
    return np.stack([np.convolve(column, kernel, "valid") for column in padded.T], axis=1)


def wandering(
    rng: np.random.Generator, count: int, width: int, period: float
) -> NDArray[np.float64]:
    """[count, width]: each column is normal noise of unit variance that changes over `period`
    samples."""
    sigma = period / 2
    reach = max(1, int(np.ceil(3 * sigma)))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= np.sqrt(np.square(kernel).sum())
    noise = rng.standard_normal((count + 2 * reach, width))
    return np.stack([np.convolve(column, kernel, "valid") for column in noise.T], axis=1)
