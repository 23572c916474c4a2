"""From one figure for each seed to what may be said about them: quartiles, bootstrap intervals."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A figure over seeds. Interval: 95 % bootstrap, of the median."""

    median: float
    interval: tuple[float, float]
    quartiles: tuple[float, float]
    least: float
    most: float

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def spread(values: Floats) -> Spread:
    """float[seeds], NaN where a run has diverged: left out here, counted as not converged."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        nan = float("nan")
        return Spread(median=nan, interval=(nan, nan), quartiles=(nan, nan), least=nan, most=nan)
    low, median, high = np.quantile(finite, [0.25, 0.5, 0.75])
    return Spread(
        median=float(median),
        interval=_interval(finite),
        quartiles=(float(low), float(high)),
        least=float(finite.min()),
        most=float(finite.max()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Of two methods, seed by seed: the same seeds started from the same weights and data."""

    median: float
    interval: tuple[float, float]
    share_above: float
    """Share of seeds in which the first is larger."""
    agreement: float
    """Correlation of the two over seeds: near 1 where the start decides, whatever the method."""

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def difference(first: Floats, second: Floats) -> Difference:
    """float[seeds] each."""
    finite = np.isfinite(first) & np.isfinite(second)
    first, second = first[finite], second[finite]
    if not first.size:
        nan = float("nan")
        return Difference(median=nan, interval=(nan, nan), share_above=nan, agreement=nan)
    paired = first - second
    return Difference(
        median=float(np.median(paired)),
        interval=_interval(paired),
        share_above=float((paired > 0).mean()),
        agreement=_correlation(first, second),
    )


def _correlation(first: Floats, second: Floats) -> float:
    spread = float(first.std() * second.std())
    covariance = float(((first - first.mean()) * (second - second.mean())).mean())
    return covariance / spread if spread > 0 else float("nan")


def _interval(values: Floats) -> tuple[float, float]:
    """95 % percentile bootstrap of the median."""
    rng = np.random.default_rng(0)
    drawn = rng.choice(values, (RESAMPLES, len(values)))
    low, high = np.quantile(np.median(drawn, axis=1), [0.025, 0.975])
    return float(low), float(high)
