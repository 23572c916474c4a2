"""Expressions, where they are known: does C show what V shows?

Unpaired training cannot learn an expression that the renders never take. Read from a simulated
set's coefficients.json, which training itself never sees.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from train.check.survey import Survey
from train.evaluate.simulated import load_coefficients

Floats = NDArray[np.float32]
BEYOND = 0.05
"""How far a value has to be outside the values of C, whose range is 0..1, to count."""
_QUANTILES = (0.01, 0.99)
_BLOCK = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Blendshape weights of both domains, 0..1."""

    shapes: tuple[str, ...]
    v: Floats
    """[N,shapes]."""
    c: Floats
    """[M,shapes]."""

    def beyond(self) -> dict[str, float]:
        """Shape -> share of V's pictures where it is outside of 98 % of C's values."""
        low, high = np.quantile(self.c, _QUANTILES, axis=0)
        outside = (self.v < low - BEYOND) | (self.v > high + BEYOND)
        return dict(zip(self.shapes, outside.mean(axis=0).tolist(), strict=True))

    def alone(self) -> float:
        """Share of V's expressions that are farther from any of C's than 95 % of C's are from each
        other: .05 if both are drawn alike and equally often."""
        usual = np.quantile(_nearest(self.c, self.c, skip_itself=True), 0.95)
        return float((_nearest(self.v, self.c) > usual).mean())


def coverage(v: Survey, c: Survey) -> Coverage | None:
    """None if the sources do not belong to a set with coefficients. Raises `BadData` for a damaged
    file."""
    data = v.source.path.resolve().parent
    if data != c.source.path.resolve().parent or not (data / "coefficients.json").exists():
        return None
    shapes, of_v = _load(v)
    shapes_c, of_c = _load(c)
    common = tuple(shape for shape in shapes if shape in shapes_c)
    return Coverage(
        shapes=common,
        v=of_v[:, [shapes.index(shape) for shape in common]],
        c=of_c[:, [shapes_c.index(shape) for shape in common]],
    )


def _load(of: Survey) -> tuple[tuple[str, ...], Floats]:
    path = of.source.path.resolve()
    return load_coefficients(path.parent, path.name, tuple(of.names))


def _nearest(points: Floats, among: Floats, *, skip_itself: bool = False) -> Floats:
    """[N]: distance of each of `points` to the nearest of `among`."""
    found = []
    for start in range(0, len(points), _BLOCK):
        block = points[start : start + _BLOCK]
        squared = (block**2).sum(1)[:, None] + (among**2).sum(1)[None] - 2 * block @ among.T
        if skip_itself:
            rows = np.arange(len(block))
            squared[rows, start + rows] = np.inf
        found.append(np.sqrt(np.maximum(squared.min(axis=1), 0)))
    return np.concatenate(found)
