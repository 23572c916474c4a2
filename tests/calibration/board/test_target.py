"""The board to print: its scale, its ruler, and boards that cannot be."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from calibration.board.config import BoardConfig
from calibration.board.detect import Detector, Sighting
from calibration.board.target import Board, write_sheet
from calibration.errors import BadImages, UsageError
from calibration.images import Picture, first_picture
from tests.calibration.simulated import BOARD


@pytest.mark.parametrize("dpi", [100, 150])
def test_the_sheet_holds_the_board_at_its_true_scale(dpi: int, tmp_path: Path) -> None:
    path = tmp_path / "board.png"
    write_sheet(BOARD, path, dpi)
    data = path.read_bytes()
    at = data.index(b"pHYs")
    px_per_metre, _, unit = struct.unpack(">IIB", data[at + 4 : at + 13])
    assert unit == 1
    assert px_per_metre == pytest.approx(dpi / 0.0254, rel=0.01)

    image = first_picture(path).image
    seen = Detector(BOARD)(Picture(name="", image=image))
    assert isinstance(seen, Sighting)
    assert len(seen.ids) == BOARD.corner_count
    printed_m = (seen.corners_px - seen.corners_px[0]) / px_per_metre
    np.testing.assert_allclose(printed_m, (seen.points_m - seen.points_m[0])[:, :2], atol=1e-4)
    ruler = (image[..., 0] == 0).sum(axis=1).max() / px_per_metre
    assert ruler > 0.0999


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"squares": (2, 7)}, "at least 3 columns"),
        ({"marker_mm": 25.0}, "a marker stands inside a square"),
        ({"squares": (20, 20)}, "needs 200 markers, --dictionary 5x5_100 has 100"),
    ],
)
def test_a_board_that_cannot_be_is_refused(change: dict[str, object], message: str) -> None:
    figures: dict[str, object] = {
        "squares": (10, 7), "square_mm": 25.0, "marker_mm": 18.0, "dictionary": "5x5_100",
    }  # fmt: skip
    with pytest.raises(UsageError, match=message):
        Board(**(figures | change))  # type: ignore[arg-type]


def test_a_command_that_makes_no_sense_is_refused() -> None:
    for arguments, message in (
        ({}, "nothing to do"),
        ({"images": Path(), "camera": "0"}, "not both"),
        ({"images": Path()}, "give --profile"),
        ({"camera": "0", "profile": Path("p"), "dictionary": "9x9"}, "there are 4x4_50"),
    ):
        with pytest.raises(UsageError, match=message):
            BoardConfig(**arguments)  # type: ignore[arg-type]


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadImages, match="cannot write"):
        write_sheet(BOARD, tmp_path / "nowhere" / "board.png", 100)
