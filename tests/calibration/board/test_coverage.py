"""Coverage: counts, words, and the picture."""

from __future__ import annotations

import numpy as np

from calibration.board.coverage import CELLS, Coverage


def corners(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return np.stack(
        np.meshgrid(np.linspace(left, right, 40), np.linspace(top, bottom, 40)), -1
    ).reshape(-1, 2)


def test_the_whole_picture_is_1_and_edges_count() -> None:
    coverage = Coverage((640, 480))
    assert coverage.share == 0
    assert coverage.add(corners(-0.5, -0.5, 639.4, 479.4)) == CELLS[0] * CELLS[1]
    assert coverage.share == 1
    assert coverage.add(corners(0, 0, 639, 479)) == 0


def test_what_is_missing_is_said() -> None:
    coverage = Coverage((640, 480))
    coverage.add(corners(0, 0, 639, 479)[:1])
    coverage.add(corners(0, 0, 300, 479))
    coverage.add(corners(300, 180, 639, 479))
    assert coverage.missing() == "upper right"


def test_the_map_shows_seen_cells_greener_than_unseen_ones() -> None:
    coverage = Coverage((640, 480))
    coverage.add(corners(0, 0, 319, 479))
    image = coverage.picture(["a line"])
    assert image.shape[1] == 640
    assert image.shape[0] > 480
    seen, unseen = image[:480, :320], image[:480, 322:]
    assert seen[..., 1].mean() > 3 * unseen[..., 1].mean()
