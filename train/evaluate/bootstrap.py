"""`Bootstrap`: figures with 95 % intervals, resampled over images or over whole sessions.

Every figure here is a function of sums over images (a mean, a ratio, a PSNR), so a resample is a
matrix product. All figures share their resamples, so two runs can be compared image by image.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]
"""float[...,K], sums over images of K columns -> float[...]."""
RESAMPLES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float
    samples: Floats | None = field(default=None, repr=False, compare=False)
    """[RESAMPLES]: the value in each resample."""

    def minus(self, other: Figure) -> Figure:
        """The difference; both must come from the same `Bootstrap`."""
        if self.samples is None or other.samples is None:
            raise ValueError("a figure without resamples cannot be compared")
        return _figure(self.value - other.value, self.samples - other.samples)

    def to_json(self) -> dict[str, float]:
        return {"value": self.value, "low": self.low, "high": self.high}


class Bootstrap:
    """Resamples of the groups that images belong to."""

    def __init__(self, groups: NDArray[np.int64], seed: int) -> None:
        """`groups` int[N]: the group of each image, 0, 1, ..."""
        count = int(groups.max()) + 1
        rng = np.random.default_rng(seed)
        self._member = np.zeros((count, len(groups)))
        self._member[groups, np.arange(len(groups))] = 1
        self._times = rng.multinomial(count, np.full(count, 1 / count), RESAMPLES).astype(float)

    def figure(self, columns: Floats, statistic: Statistic) -> Figure:
        """`columns` float[N,K]: what `statistic` needs the sums of."""
        sums = self._member @ columns  # [groups,K]
        return _figure(float(statistic(sums.sum(0))), statistic(self._times @ sums))

    def mean(self, values: Floats) -> Figure:
        """Mean of float[N]."""
        return self.ratio(values, np.ones(len(values)))

    def ratio(self, above: Floats, below: Floats) -> Figure:
        """Sum of float[N] over the sum of float[N]."""
        columns = np.stack([above, below], 1)
        return self.figure(columns, lambda s: s[..., 0] / np.maximum(s[..., 1], 1e-9))


def _figure(value: float, samples: Floats) -> Figure:
    low, high = np.percentile(samples, (2.5, 97.5))
    return Figure(value=value, low=float(low), high=float(high), samples=samples)


def mean_of(figures: Sequence[Figure]) -> Figure:
    """The mean of figures of one `Bootstrap`, resampled together."""
    samples = [figure.samples for figure in figures if figure.samples is not None]
    if len(samples) < len(figures):
        raise ValueError("a figure without resamples has no part in a mean")
    return _figure(float(np.mean([f.value for f in figures])), np.mean(samples, 0))


def over_runs(figures: Sequence[Figure], rng: np.random.Generator) -> Figure:
    """The mean of one figure over runs of other seeds, all from the same `Bootstrap`.

    Its interval resamples twice: runs, and what the figures themselves are resampled over, in which
    all runs keep together. Of figures without resamples it is their range. A handful of runs say
    little about the next one, and a resample of three never holds a fourth: of so few, the interval
    is too narrow rather than too wide.
    """
    value = float(np.mean([figure.value for figure in figures]))
    samples = [figure.samples for figure in figures if figure.samples is not None]
    if len(samples) < len(figures):
        return Figure(
            value=value,
            low=min(figure.low for figure in figures),
            high=max(figure.high for figure in figures),
        )
    each = np.stack(samples, 1)  # [RESAMPLES,runs]
    picks = rng.integers(len(figures), size=each.shape)
    return _figure(value, np.take_along_axis(each, picks, 1).mean(1))


def r2(got: Floats, truth: Floats, bootstrap: Bootstrap) -> Figure:
    """Mean over columns of R^2 of float[N,S] against float[N,S]: 1 is perfect, 0 is what the mean
    of the truth reaches.

    Resamples keep the variance of the whole truth: in one that misses the few images in which a
    rare shape moves, its own variance would be next to nothing.
    """
    error = np.square(got - truth) / truth.var(0)
    return bootstrap.mean(1 - error.mean(1))
