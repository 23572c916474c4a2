"""`Draw`: random numbers for pictures; and what is done with pictures and smooth fields of them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

GAMMA = 2.2
"""Between a picture's values and light."""
DIM = 0.02
"""Added to a divisor, so that hardly any light is not a divisor."""


@dataclass(frozen=True, slots=True)
class Draw:
    """Random numbers for each of some pictures float[B,C,H,W]."""

    rng: torch.Generator
    like: Tensor
    """How many, where and how precise."""

    def uniform(self, low: float, high: float, channels: int = 1) -> Tensor:
        drawn = torch.rand(len(self.like), channels, 1, 1, generator=self.rng)
        return low + (high - low) * drawn.to(self.like)

    def normal(self, spread: float, channels: int = 1, size: int = 1) -> Tensor:
        """float[B,channels,size,size]."""
        drawn = torch.randn(len(self.like), channels, size, size, generator=self.rng)
        return spread * drawn.to(self.like)

    def chance(self, part: float) -> Tensor:
        """1 with this probability, else 0."""
        return (self.uniform(0, 1) < part).to(self.like)

    def whole(self, low: int, high: int) -> int:
        """One of low..high, the same for all pictures."""
        return int(torch.randint(low, high + 1, (1,), generator=self.rng))

    def field(self, spread: float, channels: int, cells: int, size: int) -> Tensor:
        """Smooth noise, `cells` features across: float[B,channels,size,size]."""
        return stretch(self.normal(spread, channels, cells), size)


def light_of(picture: Tensor) -> Tensor:
    """-1..1 -> linear, 0..1."""
    return ((picture + 1) / 2).clamp_min(0) ** GAMMA


def mean(values: Tensor, where: Tensor) -> Tensor:
    """Over the places where `where` is 1, of each picture: float[B,C,1,1]."""
    total = where.sum((2, 3), keepdim=True)
    return (values * where).sum((2, 3), keepdim=True) / (total + 1)


def unit(vectors: Tensor) -> Tensor:
    """float[B,3,H,W] -> of length 1; none stays none. (`functional.normalize` takes forty times as
    long on a CPU.)"""
    return vectors * vectors.square().sum(1, keepdim=True).clamp_min(1e-12).rsqrt()


def coarse(picture: Tensor, cells: int) -> Tensor:
    """What is left of light in `cells` x `cells` smooth spots."""
    return spots(picture, cells).clamp_min(0)


def spots(picture: Tensor, cells: int) -> Tensor:
    return stretch(functional.adaptive_avg_pool2d(picture, cells), picture.shape[-1])


def stretch(field: Tensor, size: int) -> Tensor:
    return functional.interpolate(field, size=(size, size), mode="bicubic", align_corners=False)


def soften(picture: Tensor) -> Tensor:
    """Blurred by about a hundredth of its side."""
    size = picture.shape[-1]
    radius = max(1, round(size / 128))
    padded = functional.pad(picture, (radius,) * 4, mode="replicate")
    return functional.avg_pool2d(padded, 2 * radius + 1, 1)


def sample(picture: Tensor, grid: Tensor) -> Tensor:
    """Bicubic: bilinear takes away the detail that tells small movements apart."""
    return functional.grid_sample(
        picture, grid, mode="bicubic", padding_mode="reflection", align_corners=False
    )
