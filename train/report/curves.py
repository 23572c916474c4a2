"""The log's rows as curves: one SVG, a panel for each question that one has about a run."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from train.alarms import WON, Row
from train.evaluate.picture import COLORS, FAINT, INK

POINTS = 300
"""Of each curve: a longer log is shown as means of stretches."""
CHANCE = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Curves that share an axis."""

    title: str
    names: tuple[str, ...]
    marks: tuple[tuple[float, str], ...] = ()
    """Levels to compare with."""
    log: bool = False


PANELS = (
    Panel(title="Reconstruction, |v - v'| and |c - c'|", names=("l_v", "l_c")),
    Panel(title="Restoration, |c - c'| of disturbed renders", names=("l_restored",)),
    Panel(title="Student to teacher: |c' - t|, and of detail", names=("l_teacher", "l_detail")),
    Panel(title="Student to teacher, PSNR in dB", names=("psnr_db",)),
    Panel(
        title="Adversaries",
        names=("adversary_c", "adversary_v"),
        marks=((CHANCE, "chance"), (WON, "has won")),
    ),
    Panel(title="How real D's c' and E's v' look, 0 is best", names=("gan_c", "gan_v")),
    Panel(title="Residual: |r - r'|, and the size of r", names=("l_r", "r_size"), log=True),
    Panel(title="Learning rate", names=("lr",)),
    Panel(title="Seconds per step", names=("step_s",)),
)


def curves(rows: Sequence[Row]) -> str:
    """An <svg> element. Panels that the log has nothing for are left out."""
    panels = [panel for panel in PANELS if any(name in rows[0] for name in panel.names)]
    lines = -(-len(panels) // 2)
    with rc_context({"svg.hashsalt": "report", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(11, 2.5 * lines), layout="constrained")
        for index, panel in enumerate(panels):
            _draw(figure.add_subplot(lines, 2, index + 1), panel, rows)
        out = io.StringIO()
        FigureCanvasSVG(figure).print_svg(
            out, metadata=dict.fromkeys(("Creator", "Date", "Format", "Type"))
        )
    svg = out.getvalue()
    return svg[svg.index("<svg") :]


def _draw(axes: Axes, panel: Panel, rows: Sequence[Row]) -> None:
    for name, color in zip(panel.names, COLORS, strict=False):
        found = [(row["step"], row[name]) for row in rows if name in row]
        if found:
            steps, values = _thinned(np.array(found, dtype=np.float64))
            axes.plot(steps, values, color=color, linewidth=1.2, label=name)
    for level, text in panel.marks:
        axes.axhline(level, color=FAINT, linewidth=0.8, linestyle=":")
        axes.annotate(text, (1, level), xycoords=("axes fraction", "data"), ha="right", va="bottom",
                      fontsize=7, color=FAINT)  # fmt: skip
    axes.set_title(panel.title, loc="left", color=INK, fontsize=10)
    if panel.log:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.grid(color="#e4e8ec", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    if len(panel.names) > 1:
        axes.legend(frameon=False, fontsize=8)


def _thinned(curve: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[N,2] -> steps and values, at most POINTS of each; what is not finite is a gap."""
    curve = np.where(np.isfinite(curve), curve, np.nan)
    stretches = np.array_split(curve, min(POINTS, len(curve)))
    means = np.array([stretch.mean(axis=0) for stretch in stretches])
    return means[:, 0], means[:, 1]
