"""`Likeness`: how far D_C's pictures are from renders, by what sets renders apart.

It knows renders alone. A mouth is a small part of a picture that stands still otherwise, and a
dimple a small part of what a mouth does: in plain L1 both are nearly nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from train.data import to_float
from train.networks.precision import in_float32

FOR_PLACES, FOR_DIRECTIONS = 200, 1000
"""Renders, at most, that tell where they change, and along which eigenpictures."""
MORE_WHERE_IT_CHANGES = 4.0
"""By how much a place that changes as much as the average one counts more than one that never does.
"""
SIDE = 64
"""Of the copies that eigenpictures are of, pixels: their expressions can be told apart still."""
DIRECTIONS = 64
"""Eigenpictures at most: a few more than a face has shapes."""
LEAST = 1e-3
"""Renders go this far along an eigenpicture, and this part of how far along the first, or it is
rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Two measures of an error c' - c, float[B,3,H,W]."""

    counts: Tensor
    """float[H,W]: how much each place counts."""
    directions: Tensor
    """float[K,3*SIDE*SIDE]: eigenpictures of renders, each divided by how far (standard deviation)
    renders go along it."""

    @classmethod
    def of(cls, renders: NDArray[np.uint8]) -> Likeness:
        """uint8[N,H,W,3] -> what these differ by."""
        changes = _some(renders, FOR_PLACES).std(0, dtype=np.float32).mean(2)  # [H,W]
        counts = 1 + MORE_WHERE_IT_CHANGES * changes / (changes.mean() + 1e-6)
        directions = _directions(_some(renders, FOR_DIRECTIONS))
        return cls(counts=torch.from_numpy(counts), directions=directions)

    @classmethod
    def plain(cls) -> Likeness:
        """Each place counts alike, and no direction is known."""
        return cls(counts=torch.ones(()), directions=torch.zeros(0, 3 * SIDE * SIDE))

    def to(self, device: torch.device) -> Likeness:
        return Likeness(counts=self.counts.to(device), directions=self.directions.to(device))

    def by_place(self, error: Tensor) -> Tensor:
        """L1, each place counting as `counts` says."""
        return (self.counts * error.abs()).mean()

    def by_direction(self, error: Tensor) -> Tensor:
        """Huber's loss of the error along each eigenpicture, in standard deviations of renders:
        what moves few pixels counts as much as what moves many."""
        if not len(self.directions):  # renders that are all alike
            return error.new_zeros(())
        along = in_float32(lambda small: small.flatten(1) @ self.directions.T, _copy(error))
        return functional.smooth_l1_loss(along, torch.zeros_like(along))


def _directions(renders: NDArray[np.uint8]) -> Tensor:
    """uint8[N,H,W,3] -> float[K,3*SIDE*SIDE] by principal component analysis: eigenfaces (Turk and
    Pentland 1991)."""
    pictures = torch.cat([_copy(to_float(np.stack([render]))) for render in renders]).flatten(1)
    pictures = pictures - pictures.mean(0)
    # Fewer renders than pixels: of the two products that share their eigenvalues, the small one.
    variances, sums = torch.linalg.eigh(pictures @ pictures.T / len(pictures))
    variances, sums = variances.flip(0)[:DIRECTIONS], sums.flip(1)[:, :DIRECTIONS]
    spreads = variances.clamp_min(0).sqrt()
    kept = spreads > max(LEAST, LEAST * float(spreads[0]))
    unit = functional.normalize((pictures.T @ sums)[:, kept].T, dim=1)
    directions: Tensor = unit / spreads[kept, None]
    return directions


def _some(renders: NDArray[np.uint8], most: int) -> NDArray[np.uint8]:
    """Every n-th of them."""
    return renders[:: -(-len(renders) // most)]


def _copy(picture: Tensor) -> Tensor:
    """float[B,3,H,W] -> float[B,3,SIDE,SIDE]."""
    return functional.adaptive_avg_pool2d(picture, SIDE)
