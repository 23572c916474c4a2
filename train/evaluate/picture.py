"""`sheet`: images in a labelled table, as a PNG. What `grid`, `cheat` and `evaluate` show."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from calibration.opencv import cv2
from train.errors import TrainError

Cell = NDArray[np.uint8] | None
"""uint8[H,W,3] RGB, or nothing."""

INK, FAINT = "#1b1f24", "#6a737d"
COLORS = ("#2f6db5", "#d1602c", "#3a8f5c", "#8a4fae", "#b8860b", "#5b6770")
"""Of runs, in the order in which they are given."""

DPI = 100
JPEG_QUALITY = 70
MIN_CELL_PX = 112
GAP_PX, HEADER_GAP_PX = 4, 16
TEXT_PX, LINE_PX, CHARACTER_PX = 13, 18, 7.6


def sheet(
    cells: Sequence[Sequence[Cell]],
    rows: Sequence[str],
    columns: Sequence[str],
    title: str,
    *,
    gaps_above: Sequence[int] = (),
    gaps_before: Sequence[int] = (),
) -> bytes:
    """PNG of `cells` (rows of columns), all images of one size. Small ones are magnified by a whole
    number, so that each of their pixels stays one. `gaps_above`, `gaps_before`: rows and columns
    that stand a little apart from those before them."""
    side = next(cell.shape[0] for row in cells for cell in row if cell is not None)
    side *= max(1, -(-MIN_CELL_PX // side))
    left = round(max(map(_width, rows), default=0)) + 20
    top = 14 + LINE_PX * (1 + max((c.count("\n") + 1 for c in columns if c), default=0)) + 14
    xs = _places(len(columns), side, left, gaps_before)
    ys = _places(len(rows), side, top, gaps_above)
    width, height = max(xs[-1] + side + 12, round(_width(title)) + 24), ys[-1] + side + 12
    canvas = np.full((height, width, 3), 255, np.uint8)
    for y, row in zip(ys, cells, strict=True):
        for x, cell in zip(xs, row, strict=True):
            if cell is not None:
                canvas[y : y + side, x : x + side] = cv2.resize(
                    cell, (side, side), interpolation=cv2.INTER_NEAREST
                )
    return _with_text(canvas, title, side, list(zip(rows, ys, strict=True)),
                      list(zip(columns, xs, strict=True)), left, top)  # fmt: skip


def png(figure: Figure) -> bytes:
    """The figure as it is, as a PNG."""
    out = io.BytesIO()
    FigureCanvasAgg(figure).print_png(out)
    return out.getvalue()


def write(path: Path, data: bytes) -> None:
    """Write a file, with its folder. Raises `TrainError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise TrainError(f"{path} cannot be written: {error}") from error


def write_picture(path: Path, picture: bytes) -> None:
    """Write a PNG; as a JPEG, a tenth as large, if that is what the file's name says."""
    if path.suffix in (".jpg", ".jpeg"):
        pixels = np.asarray(cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR))
        _, jpeg = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        picture = jpeg.tobytes()
    write(path, picture)


def _places(count: int, side: int, start: int, gaps: Sequence[int]) -> list[int]:
    places, at = [], start
    for index in range(count):
        at += HEADER_GAP_PX if index in gaps else 0
        places.append(at)
        at += side + GAP_PX
    return places


def _width(text: str) -> float:
    return max(len(line) for line in text.split("\n")) * CHARACTER_PX


def _with_text(
    canvas: NDArray[np.uint8],
    title: str,
    side: int,
    rows: list[tuple[str, int]],
    columns: list[tuple[str, int]],
    left: int,
    top: int,
) -> bytes:
    height, width = canvas.shape[:2]
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(canvas, interpolation="nearest", extent=(0, width, height, 0))
    axes.set_axis_off()
    points = TEXT_PX * 72 / DPI
    axes.text(12, 12, title, fontsize=points + 1, color=INK, weight="bold", va="top")
    row_style: dict[str, Any] = {"fontsize": points, "color": INK, "va": "center", "ha": "right"}
    column_style: dict[str, Any] = {
        "fontsize": points,
        "color": FAINT,
        "va": "bottom",
        "ha": "center",
    }
    for label, y in rows:
        axes.text(left - 10, y + side / 2, label, **row_style)
    for label, x in columns:
        axes.text(x + side / 2, top - 8, label, **column_style)
    return png(figure)
