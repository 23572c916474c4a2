"""Pictures that are made once, and that a kill or a full disk cannot spoil."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.train.test_checkpoint import disk_that_takes
from train.distill import kept as module
from train.distill.kept import MADE, PICTURES, Kept
from train.errors import NotSaved

SIZE = 4


class Maker:
    """Counts how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def of(self, kept: Kept, index: int) -> NDArray[np.uint8]:
        def make() -> NDArray[np.uint8]:
            self.asked.append(index)
            return np.full((SIZE, SIZE, 3), 10 + index, np.uint8)

        return kept.of(index, make)


def test_a_picture_is_made_once_in_any_order(tmp_path: Path) -> None:
    maker, kept = Maker(), Kept(tmp_path / "kept", 5, SIZE)
    for index in (3, 0, 3, 4, 0):
        assert (maker.of(kept, index) == 10 + index).all()
    assert maker.asked == [3, 0, 4]


def test_another_run_finds_what_was_flushed_and_makes_the_rest_again(tmp_path: Path) -> None:
    """As after `kill -9`: nobody says goodbye."""
    maker, first = Maker(), Kept(tmp_path, 5, SIZE)
    maker.of(first, 1)
    first.flush()
    maker.of(first, 2)
    second = Kept(tmp_path, 5, SIZE)
    assert (maker.of(second, 1) == 11).all()
    assert (maker.of(second, 2) == 12).all()
    assert maker.asked == [1, 2, 2]


def test_after_some_seconds_of_work_it_flushes_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FLUSH_S", 0.0)
    maker = Maker()
    maker.of(Kept(tmp_path, 5, SIZE), 1)
    maker.of(Kept(tmp_path, 5, SIZE), 1)
    assert maker.asked == [1]


def test_what_another_number_of_pictures_left_is_not_believed(tmp_path: Path) -> None:
    maker, first = Maker(), Kept(tmp_path, 5, SIZE)
    maker.of(first, 1)
    first.flush()
    maker.of(Kept(tmp_path, 6, SIZE), 1)
    assert maker.asked == [1, 1]
    assert (tmp_path / MADE).stat().st_size == 5


def test_pictures_that_somebody_deleted_are_made_again(tmp_path: Path) -> None:
    maker, first = Maker(), Kept(tmp_path, 5, SIZE)
    maker.of(first, 2)
    first.flush()
    (tmp_path / PICTURES).unlink()
    assert (maker.of(Kept(tmp_path, 5, SIZE), 2) == 12).all()
    assert maker.asked == [2, 2]


def test_a_full_disk_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    kept = Kept(tmp_path, 20, SIZE)
    with (
        disk_that_takes(SIZE * SIZE * 3),
        pytest.raises(NotSaved, match="--no-keep-pictures") as full,
    ):
        Maker().of(kept, 19)
    assert str(full.value).startswith(f"the teacher's pictures cannot be kept in {tmp_path}: ")
    assert "\n" not in str(full.value)
    assert (tmp_path / PICTURES).stat().st_size == 0


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotSaved, match="cannot be kept in"):
        Kept(tmp_path / "file" / "kept", 5, SIZE)
