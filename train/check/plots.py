"""The doctor's plots: V beside C."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from train.check.coverage import BEYOND, Coverage
from train.check.measure import HISTOGRAM_BINS
from train.check.survey import Survey
from train.evaluate.picture import COLORS, FAINT, INK, png

OF = {"V": COLORS[0], "C": COLORS[1]}
GRID = "#e4e8ec"
CHANNELS = {"red": "#c93c37", "green": "#3a8f5c", "blue": "#2f6db5"}
_DPI = 110


def light(v: Survey, c: Survey) -> bytes:
    """PNG: how bright, contrasty, sharp and rich the pictures are."""
    panels: tuple[tuple[str, str, tuple[float, float] | None], ...] = (
        ("brightness", "brightness (mean luma)", (0, 255)),
        ("contrast", "contrast (deviation of luma)", None),
        ("sharpness", "sharpness (1 - blur effect)", None),
        ("information", "information, bits per pixel", None),
    )
    figure = Figure(figsize=(12, 2.8), dpi=_DPI, layout="constrained")
    for axes, (name, title, limits) in zip(figure.subplots(1, len(panels)), panels, strict=True):
        columns = {domain.title: domain.column(name) for domain in (v, c)}
        low, high = limits or _range(columns["V"], columns["C"])
        edges = np.linspace(low, high, 41)
        for key, values in columns.items():
            shares = np.histogram(values, edges)[0] / len(values)
            axes.stairs(shares, edges, color=OF[key], fill=True, alpha=0.25)
            axes.stairs(shares, edges, color=OF[key], linewidth=1.3, label=key)
        _bare(axes, title)
    _legend(figure)
    return png(figure)


def colours(v: Survey, c: Survey) -> bytes:
    """PNG: levels of red, green and blue over all pixels. The axis is cut where a single level, a
    black background say, would flatten all others."""
    figure = Figure(figsize=(12, 2.6), dpi=_DPI, layout="constrained")
    edges = np.linspace(0, 256, HISTOGRAM_BINS + 1)
    shares = {domain.title: domain.histogram() for domain in (v, c)}
    top = 1.25 * max(float(np.sort(s, axis=1)[:, -2].max()) for s in shares.values())
    for channel, (axes, name) in enumerate(zip(figure.subplots(1, 3), CHANNELS, strict=True)):
        for key, share in shares.items():
            axes.stairs(share[channel], edges, color=OF[key], fill=True, alpha=0.25)
            axes.stairs(share[channel], edges, color=OF[key], linewidth=1.3, label=key)
            for level in np.flatnonzero(share[channel] > top):
                left = level < HISTOGRAM_BINS / 2
                axes.annotate(
                    f"{share[channel, level]:.0%}",
                    (edges[level + 1] + 3 if left else edges[level] - 3, top),
                    color=OF[key],
                    fontsize=8,
                    va="top",
                    ha="left" if left else "right",
                )
        axes.set_ylim(0, top)
        _bare(axes, name)
        axes.title.set_color(CHANNELS[name])
    _legend(figure)
    return png(figure)


def expressions(coverage: Coverage) -> bytes | None:
    """PNG: for each shape that moves, where V and C are; None if none does."""
    highest = np.quantile(np.concatenate([coverage.v, coverage.c]), 0.99, axis=0)
    order = [i for i in np.argsort(highest) if highest[i] > 0.01]
    if not order:
        return None
    figure = Figure(figsize=(11, 1.1 + 0.28 * len(order)), dpi=_DPI, layout="constrained")
    axes = figure.subplots()
    for key, values, offset in (("V", coverage.v, 0.17), ("C", coverage.c, -0.17)):
        _ranges(axes, values[:, order], offset, OF[key], key)
    beyond = coverage.beyond()
    labels = [coverage.shapes[i] for i in order]
    axes.set_yticks(range(len(order)), labels, fontsize=9)
    for place, label in enumerate(labels):
        if beyond[label] >= 0.01:
            axes.annotate(
                f"{beyond[label]:.0%} of V beyond C",
                (1.02, place),
                annotation_clip=False,
                va="center",
                fontsize=8,
                color=COLORS[1] if beyond[label] > BEYOND else FAINT,
            )
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.7, len(order) - 0.3)
    axes.grid(visible=True, axis="x", color=GRID)
    _bare(axes, "blendshape weights: thick 5-95 %, thin 1-99 %, tick the median", keep_y=True)
    _legend(figure)
    return png(figure)


def _ranges(axes: Axes, values: NDArray[np.float32], offset: float, color: str, label: str) -> None:
    low, left, middle, right, high = np.quantile(values, (0.01, 0.05, 0.5, 0.95, 0.99), axis=0)
    places = np.arange(values.shape[1]) + offset
    axes.hlines(places, low, high, color=color, linewidth=1)
    axes.hlines(places, left, right, color=color, linewidth=5, alpha=0.55, label=label)
    axes.plot(middle, places, "|", color=INK, markersize=6, markeredgewidth=1.5)


def _range(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[float, float]:
    both = np.concatenate([a, b])
    low, high = float(both.min()), float(both.max())
    room = max(0.05 * (high - low), 1e-3)
    return low - room, high + room


def _bare(axes: Axes, title: str, *, keep_y: bool = False) -> None:
    axes.set_title(title, fontsize=9.5, loc="left", color=INK)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(labelsize=8, color=FAINT, left=False)
    axes.set_axisbelow(True)
    if not keep_y:
        axes.set_yticks([])


def _legend(figure: Figure) -> None:
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", frameon=False, fontsize=9)
