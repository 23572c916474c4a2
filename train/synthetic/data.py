"""The true factors c and r of the synthetic data; v is the two, one above the other.

Each variant turns two independent standard normal numbers into (c, r) by increasing functions, so
that variants share their randomness. c has mean 2, r has mean -2, both have variance 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from train.synthetic.config import DataName

CLUSTER_WEIGHTS = (0.25, 0.45)
"""Share of the lower cluster in c and in r. Of the four clusters of v, only the two with the lower
c have 0.25 between them, so a continuous D_C that gives C's distribution cannot err."""
CLUSTER_WIDTH = 0.5
_FIGURES = 5
"""Normal numbers of a sample: c, and the c and r of two unrelated v."""


def clusters(normal: Tensor, low: float) -> Tensor:
    """Standard normal -> uniform in one of two intervals; `low` is the lower one's share. Mean 0,
    variance 1."""
    u = torch.special.ndtr(normal)
    distance = math.sqrt((1 - CLUSTER_WIDTH**2 / 12) / (low * (1 - low)))
    lower = (u / low - 0.5) * CLUSTER_WIDTH - (1 - low) * distance
    upper = ((u - low) / (1 - low) - 0.5) * CLUSTER_WIDTH + low * distance
    return torch.where(u < low, lower, upper)


def exponential(normal: Tensor) -> Tensor:
    e: Tensor = -torch.special.log_ndtr(-normal) - 1
    return e


def uniform(normal: Tensor) -> Tensor:
    u: Tensor = torch.special.ndtr(normal)
    return (u - 0.5) * math.sqrt(12)


_SHAPES: dict[DataName, tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]] = {
    "isotropic": (lambda z: z, lambda z: z),
    "shapes": (exponential, uniform),
    "clusters": (
        lambda z: clusters(z, CLUSTER_WEIGHTS[0]),
        lambda z: clusters(z, CLUSTER_WEIGHTS[1]),
    ),
}


def factor_c(name: DataName, normal: Tensor) -> Tensor:
    """Standard normal -> c, any shape."""
    return 2 + _SHAPES[name][0](normal)


def factor_r(name: DataName, normal: Tensor) -> Tensor:
    """Standard normal -> r, any shape."""
    return -2 + _SHAPES[name][1](normal)


def quantiles_c(name: DataName, count: int) -> Tensor:
    """float[1,1,count]: the values that cut C into parts of equal weight, ascending."""
    share = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    return factor_c(name, torch.special.ndtri(share)).float()[None, None]


def samples(names: Sequence[DataName], normal: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """float[seeds,5,B] -> c float[rows,1,B], v and another, unrelated v float[rows,2,B].

    Rows are in the order of `names`, then of seeds.
    """
    z_c, z_vc, z_vr, z_oc, z_or = normal.split(1, dim=1)  # [seeds,1,B] each
    c = torch.cat([factor_c(name, z_c) for name in names])
    v = torch.cat([_entangled(name, z_vc, z_vr) for name in names])
    other = torch.cat([_entangled(name, z_oc, z_or) for name in names])
    return c, v, other


def _entangled(name: DataName, z_c: Tensor, z_r: Tensor) -> Tensor:
    return torch.cat([factor_c(name, z_c), factor_r(name, z_r)], dim=1)


class NormalNumbers:
    """Each seed's own standard normal numbers, a function of seed and step alone."""

    BLOCK = 50
    """Steps that are drawn at once."""

    def __init__(self, seeds: Sequence[int], batch: int) -> None:
        self._seeds = seeds
        self._batch = batch
        self._number = -1
        self._block = torch.empty(0)

    def after(self, step: int) -> Tensor:
        """float[steps,seeds,5,B]: of that step and the next ones, at most `BLOCK`."""
        number, place = divmod(step, self.BLOCK)
        if number != self._number:
            shape = (self.BLOCK, _FIGURES, self._batch)
            drawn = [
                np.random.default_rng([1, seed, number]).standard_normal(shape, dtype=np.float32)
                for seed in self._seeds
            ]
            self._block = torch.from_numpy(np.stack(drawn, axis=1))  # [block,seeds,5,B]
            self._number = number
        return self._block[place:]


def held_out(count: int) -> Tensor:
    """float[1,5,count] standard normal numbers that no run trains on; the same for all."""
    rng = np.random.default_rng(0)
    return torch.from_numpy(rng.standard_normal((1, _FIGURES, count), dtype=np.float32))
