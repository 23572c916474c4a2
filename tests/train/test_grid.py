"""Mix and match."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from calibration.opencv import cv2
from tests.train.conftest import write_images
from tests.train.untrained import write_run
from train import grid
from train.config import FitConfig
from train.data import to_float, to_uint8
from train.errors import BadData, TrainError
from train.grid import GridConfig
from train.runs import load_runs

Make = Callable[..., FitConfig]


def test_a_cell_is_the_content_of_its_row_with_the_residual_of_its_column(
    fit_config: Make, tmp_path: Path
) -> None:
    config = fit_config()
    write_run(config)
    (run,) = load_runs([config.out])
    rng = np.random.default_rng(0)
    contents, v = (rng.integers(0, 256, (n, 32, 32, 3), np.uint8) for n in (2, 3))
    mixed = grid.mix(run, contents, v)
    assert [len(row) for row in mixed] == [3, 3]
    with torch.no_grad():
        r = run.residual(to_float(v[2:]))
        expected = to_uint8(run.entangler(to_float(contents[1:]), r))[0]
    assert np.array_equal(mixed[1][2], expected)


@pytest.mark.parametrize("content", ["v", "c"])
def test_a_picture_is_drawn_from_folders(fit_config: Make, tmp_path: Path, content: str) -> None:
    config = fit_config()
    write_run(config)
    out = tmp_path / "new" / ("grid.png" if content == "v" else "grid.jpg")
    sources = {content: (tmp_path / content,), "residual": (tmp_path / "v",)}
    grid.run(GridConfig(run=config.out, rows=3, columns=4, out=out, **sources))  # type: ignore[arg-type]
    picture = cv2.imread(str(out))
    assert out.read_bytes().startswith(b"\x89PNG" if content == "v" else b"\xff\xd8\xff")
    inputs = 2 if content == "v" else 1
    assert picture.shape[0] > 4 * 112
    assert (inputs + 4) * 112 < picture.shape[1] < (inputs + 6) * 140 + 150


def test_rows_and_columns_from_one_folder_are_different_images(tmp_path: Path) -> None:
    folder = (write_images(tmp_path / "v", 20, seed=0),)
    rows, columns = (grid._images(folder, 5, phase, 32) for phase in (0.25, 0.75))
    assert not any(np.array_equal(row, column) for row in rows for column in columns)


def test_single_files_are_taken_as_they_are_named(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "v", 3, seed=0)
    files = (folder / "002.png", folder / "000.png")
    assert len(grid._images(files, 8, 0.25, 32)) == 2
    with pytest.raises(BadData, match="cannot be decoded"):
        grid._images((tmp_path / "none.png",), 8, 0.25, 32)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "either --v or --c"),
        ({"v": ("a",), "c": ("b",)}, "either --v or --c"),
        ({"c": ("b",)}, "--residual"),
        ({"v": ("a",), "rows": 0}, "rows and columns"),
    ],
)
def test_what_makes_no_grid_is_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(TrainError, match=message):
        GridConfig(run=Path("run"), out=Path("grid.png"), **given)  # type: ignore[arg-type]
