"""The picture: curves over training beside each seed's end, like Fig. 4 but for all seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter

from train.synthetic.config import METHODS, Method, SyntheticConfig
from train.synthetic.report import CURVE_QUANTILES, Outcome, pairs
from train.synthetic.state import Curves

COLORS: dict[Method, str] = {"uncooperative": "#1b6ca8", "cooperative": "#d9731a"}
PAPER: dict[Method, float] = {"uncooperative": 0.998, "cooperative": 0.695}
"""|rho(R, R')| of Fig. 4, one seed each, isotropic data."""
_STAR: dict[str, Any] = {"marker": "*", "ms": 11, "mfc": "white", "mec": "black", "zorder": 5}
_STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "axes.axisbelow": True,
}


def draw(path: Path, config: SyntheticConfig, results: list[Outcome], curves: Curves) -> None:
    """Write the PNG: one row for each setting and data."""
    rows = pairs(results)
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(13, 2.75 * len(rows) + 0.9), layout="constrained")
        axes = figure.subplots(
            len(rows), 4, squeeze=False, gridspec_kw={"width_ratios": [1.25, 1.25, 1, 1]}
        )
        for line, pair in zip(axes, rows, strict=True):
            _row(line, pair, curves)
        for axis, title in zip(axes[0], _TITLES, strict=True):
            axis.set_title(title)
        for axis in axes[-1, :2]:
            axis.set_xlabel("step")
        figure.legend(*_legend(), loc="outside upper right", ncols=5, frameon=False)
        figure.suptitle(
            f"Synthetic experiment, {config.seeds} seeds of each kind, {config.steps:,} steps",
            x=0.01,
            ha="left",
            weight="bold",
        )
        figure.savefig(path, dpi=110)


_TITLES = (
    "reconstruction |v − v′|",
    "|ρ(R, R′)| in training",
    "|ρ(R, R′)| at the end",
    "|ρ(C, R′)|: content in r′",
)


def _legend() -> tuple[list[Line2D], list[str]]:
    dot: dict[str, Any] = {"ls": "", "marker": "o", "ms": 5, "color": "#555555"}
    lines = [Line2D([], [], color=COLORS[method], lw=2) for method in METHODS]
    marks = [
        Line2D([], [], **dot),
        Line2D([], [], mfc="none", **dot),
        Line2D([], [], ls="", **_STAR),
    ]
    return lines + marks, [*METHODS, "converged", "not converged", "the paper's figure"]


def _row(line: np.ndarray, pair: tuple[Outcome, Outcome], curves: Curves) -> None:
    reconstruction, correlation, found, leak = line
    for outcome in pair:
        _curve(reconstruction, outcome, "l_v", curves)
        _curve(correlation, outcome, "rho_r", curves)
    reconstruction.set_yscale("log")
    reconstruction.set_ylim(3e-4, 10)
    reconstruction.set_ylabel(f"{pair[0].group.data}\n{pair[0].group.setting} weights")
    correlation.set_ylim(0, 1.02)
    _seeds(found, pair, "rho_r")
    _seeds(leak, pair, "leak")
    if pair[0].group.data == "isotropic":
        for place, method in enumerate(METHODS):
            found.plot(place, PAPER[method], **_STAR)


def _curve(axis: Axes, outcome: Outcome, name: str, curves: Curves) -> None:
    """The median as a line, the middle half of the seeds as a band, 5 and 95 % dashed."""
    bands = dict(zip(CURVE_QUANTILES, outcome.curves[name].T, strict=True))
    color = COLORS[outcome.group.method]
    axis.fill_between(curves.steps, bands[0.25], bands[0.75], color=color, alpha=0.2, lw=0)
    for edge in (0.05, 0.95):
        axis.plot(curves.steps, bands[edge], color=color, lw=0.7, ls=(0, (2, 2)))
    axis.plot(curves.steps, bands[0.5], color=color, lw=2)
    axis.set_xlim(0, curves.steps[-1])
    axis.xaxis.set_major_formatter(EngFormatter(sep=""))


def _seeds(axis: Axes, pair: tuple[Outcome, Outcome], name: str) -> None:
    """A dot for each seed, hollow where it has not converged; the median with its interval."""
    labels = []
    for place, outcome in enumerate(pair):
        color, sizes = COLORS[outcome.group.method], outcome.sizes(name)
        x = place + np.random.default_rng(0).uniform(-0.3, 0.3, len(sizes))
        converged = outcome.seeds["converged"] == 1
        axis.scatter(x[converged], sizes[converged], s=14, color=color, alpha=0.75, lw=0)
        axis.scatter(x[~converged], sizes[~converged], s=14, ec=color, fc="none", lw=0.8)
        median = outcome.spread(name)
        axis.errorbar(
            place + 0.42,
            median.median,
            yerr=np.abs(np.array(median.interval) - median.median)[:, None],
            color="black",
            marker="_",
            ms=9,
            capsize=2,
        )
        labels.append(f"{outcome.group.method}\n{outcome.converged:.0%} converged")
    axis.set_xticks(range(len(pair)), labels)
    axis.set_xlim(-0.5, len(pair) - 0.35)
    axis.set_ylim(-0.02, 1.04)
    axis.grid(visible=False, axis="x")
