"""`Coverage`: where in the picture the board's corners fell, and the picture that shows it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from calibration.drawing import GREEN, GREY, WHITE, captioned, write_text
from calibration.images import Image
from calibration.opencv import cv2
from calibration.profile import Size

CELLS = (8, 6)
"""Columns and rows."""
_MIN_WIDTH_PX = 640
_RED, _FULL = np.array((150, 40, 40)), np.array((40, 130, 60))
_ENOUGH = 20
"""Corners in a cell that are drawn as full."""


class Coverage:
    """Counts corners per cell."""

    def __init__(self, size_px: Size) -> None:
        self._size_px = size_px
        self.counts: NDArray[np.int64] = np.zeros(CELLS[::-1], np.int64)
        """[rows, columns]"""
        self._corners: list[NDArray[np.float64]] = []

    @property
    def share(self) -> float:
        """Of the cells, how many hold a corner: 0..1."""
        return float((self.counts > 0).mean())

    def add(self, corners_px: NDArray[np.float64]) -> int:
        """Count the corners [N, 2]; returns how many cells hold one that held none before."""
        before = (self.counts > 0).sum()
        cells = ((corners_px + 0.5) / self._size_px * CELLS).astype(int)
        cells = np.clip(cells, 0, np.array(CELLS) - 1)
        np.add.at(self.counts, (cells[:, 1], cells[:, 0]), 1)
        self._corners.append(corners_px)
        return int((self.counts > 0).sum() - before)

    def missing(self) -> str:
        """The side or corner of the picture that is most in want of the board, in words."""
        empty = self.counts == 0
        rows = np.array_split(empty, 3, axis=0)
        shares = [[block.mean() for block in np.array_split(row, 3, axis=1)] for row in rows]
        row, column = np.unravel_index(np.argmax(shares), (3, 3))
        words = f"{('upper', '', 'lower')[row]} {('left', '', 'right')[column]}".strip()
        return words or "middle"

    def picture(self, lines: list[str]) -> Image:
        """Each cell with its count, red to green, and a dot for every corner."""
        scale = max(1.0, _MIN_WIDTH_PX / self._size_px[0])
        width, height = (round(side * scale) for side in self._size_px)
        image = np.zeros((height, width, 3), np.uint8)
        edges_x = np.linspace(0, width, CELLS[0] + 1).astype(int)
        edges_y = np.linspace(0, height, CELLS[1] + 1).astype(int)
        for row in range(CELLS[1]):
            for column in range(CELLS[0]):
                self._draw_cell(image, row, column, edges_x, edges_y)
        for corner in np.concatenate(self._corners) if self._corners else ():
            x, y = ((corner + 0.5) * scale).round().astype(int)
            cv2.circle(image, (int(x), int(y)), 2, GREEN, -1, cv2.LINE_AA)
        for row in range(CELLS[1]):
            for column in range(CELLS[0]):
                count = str(self.counts[row, column])
                write_text(image, count, (int(edges_x[column]) + 5, int(edges_y[row]) + 17), WHITE)
        return captioned(image, lines)

    def _draw_cell(
        self,
        image: Image,
        row: int,
        column: int,
        edges_x: NDArray[np.int64],
        edges_y: NDArray[np.int64],
    ) -> None:
        count = self.counts[row, column]
        share = min(1.0, count / _ENOUGH)
        colour = _RED + (_FULL - _RED) * share if count else _RED // 2
        cell = image[edges_y[row] : edges_y[row + 1], edges_x[column] : edges_x[column + 1]]
        cell[:] = colour.astype(np.uint8)
        cell[0], cell[:, 0] = GREY, GREY
