"""The pictures of `cheat`: matched.png (after Figure 9), crossed.png, honesty.png."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure as Plot
from torch import Tensor

from train.cheat.crossed import Reading
from train.cheat.honesty import Point
from train.cheat.matched import Matched
from train.cheat.material import Material
from train.data import to_uint8
from train.evaluate.picture import COLORS, FAINT, png, sheet

AXES = {
    "noise": "Gaussian noise, grey levels",
    "bits": "bits per channel",
    "jpeg": "JPEG quality",
}


def matched_picture(pairs: dict[str, Matched], material: Material) -> bytes:
    """v, its translation and back; then v with a mismatched c, which must show and must be read."""
    shown = material.shown
    rows: list[tuple[str, Tensor]] = [("v", material.v[shown])]
    if material.truth is not None:
        rows.append(("truth", material.truth[shown]))
    rows.append(("another c", material.c[shown]))
    gaps = []
    for name, one in pairs.items():
        gaps.append(len(rows))
        rows += [
            (f"{name}\nc' = D_C(v)", one.translated),
            ("matched\nv' = E(c', r')", one.back),
            ("mismatched\nv2 = E(c, r')", one.mixed),
            ("D_C(v2)", one.decoded),
        ]
    title = "v2 must show the expression of the other c, and D_C must read what is shown"
    return _rows(rows, title, gaps)


def crossed_picture(readings: Sequence[Reading], material: Material) -> bytes:
    """v_ij of each maker, and what each reader makes of it."""
    i = material.shown
    j = material.elsewhere[i]
    rows: list[tuple[str, Tensor]] = [
        ("v_i: content", material.v[i]),
        ("v_j: residual", material.v[j]),
    ]
    if material.truth is not None:
        rows += [("truth of i", material.truth[i]), ("truth of j", material.truth[j])]
    gaps = []
    chosen = [reading for reading in readings if reading.content == "translated"]
    for maker in dict.fromkeys(reading.maker for reading in chosen):
        read = [reading for reading in chosen if reading.maker == maker]
        gaps.append(len(rows))
        rows.append((f"v_ij made by\n{maker}", read[0].mixed))
        rows += [(f"read by\n{reading.reader}", reading.decoded) for reading in read]
    return _rows(rows, "Whose expression does v_ij = E(c_i, r_j) show, and to whom?", gaps)


def honesty_picture(curves: dict[str, list[Point]]) -> bytes:
    """Rise of l_v above, of l_c below, with each kind of disturbance."""
    plot = Plot(figsize=(11, 6), dpi=110, layout="constrained")
    axes = plot.subplots(2, len(AXES), sharey="row")
    for column, (kind, label) in enumerate(AXES.items()):
        for color, (name, points) in zip(COLORS, curves.items(), strict=False):
            chosen = [point for point in points if point.kind == kind]
            places = np.arange(len(chosen))
            for row, figures in enumerate(([p.rise_v for p in chosen], [p.rise_c for p in chosen])):
                ax = axes[row, column]
                ax.fill_between(places, [f.low for f in figures], [f.high for f in figures],
                                color=color, alpha=0.15, linewidth=0)  # fmt: skip
                ax.plot(places, [f.value for f in figures], "o-", color=color, label=name)
                ax.set_xticks(places, [str(point.level) for point in chosen])
                ax.grid(color="#e4e8ec", linewidth=0.6)
                ax.spines[["top", "right"]].set_visible(False)
        axes[1, column].set_xlabel(label)
    axes[0, 0].set_ylabel("|v - E(c', r')|, c' disturbed\nover undisturbed")
    axes[1, 0].set_ylabel("|c - D_C(v')|, v' disturbed\nover undisturbed")
    handles, names = axes[0, 0].get_legend_handles_labels()
    plot.legend(handles, names, loc="outside upper right", ncols=len(names), frameon=False)
    plot.suptitle("Does reconstruction survive a disturbance?", x=0.01, ha="left", color=FAINT)
    return png(plot)


def _rows(rows: Sequence[tuple[str, Tensor]], title: str, gaps: Sequence[int]) -> bytes:
    """A sheet with a row of images for each of the float[N,3,H,W]."""
    return sheet(
        [list(to_uint8(images)) for _, images in rows],
        [name for name, _ in rows],
        [""] * len(rows[0][1]),
        title,
        gaps_above=gaps,
    )
