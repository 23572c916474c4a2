"""Words over a picture: they stay inside it and leave the rest of it alone, whatever its size."""

from __future__ import annotations

import numpy as np
import pytest

from realtime.overlay import draw_alert, draw_panel

LINES = ["29.9 fps  age p50 12.3 p95 18.0 ms", "lost 0  skipped 2  damaged 0", "bundle x " * 30]
SIZES = pytest.mark.parametrize("size_px", [(64, 64), (256, 256), (1024, 512), (300, 2000)])


def canvas(size_px: tuple[int, int]) -> np.ndarray:
    return np.full((size_px[1], size_px[0], 3), 120, np.uint8)


@SIZES
def test_a_panel_darkens_its_corner_and_writes_bright_letters(size_px: tuple[int, int]) -> None:
    drawn = canvas(size_px)
    draw_panel(drawn, LINES)
    assert drawn[0, 0].tolist() == [42, 42, 42]
    assert drawn.max() > 200
    assert (drawn[-1] == 120).all() or size_px == (64, 64)
    # The last line is far too long: it was cut off before the margin.
    assert drawn[:, -6:].max() <= 120


def test_no_lines_are_no_panel() -> None:
    drawn = canvas((256, 256))
    draw_panel(drawn, [])
    assert (drawn == 120).all()


def test_letters_are_thin() -> None:
    drawn = canvas((512, 512))
    draw_panel(drawn, ["llllllllllllllllllllllllllllll"])
    text = drawn[:24, 8:100].max(axis=2)
    assert 0.05 < (text > 150).mean() < 0.35


def test_the_panel_does_not_tremble_with_the_figures() -> None:
    widths = []
    for figure in ("11.1", "14.7", "28.8"):
        drawn = canvas((512, 512))
        draw_panel(drawn, [f"{figure} fps"])
        widths.append(int((drawn[0] != 120).any(axis=1).sum()))
    assert len(set(widths)) == 1


@SIZES
def test_an_alert_is_a_bar_along_the_foot(size_px: tuple[int, int]) -> None:
    drawn = canvas(size_px)
    draw_alert(drawn, "camera lost: picture is 12 s old")
    assert (drawn[-1] == (0, 176, 255)).all()
    assert drawn[-30:].min() < 60 or size_px == (64, 64)
    assert (drawn[: size_px[1] // 2] == 120).all()
