"""V and C of a data set, the right way round."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from calibration.opencv import cv2
from tests.train.conftest import write_images
from tests.train.faces import write_set
from train.data import choose, domains
from train.errors import BadData, TrainError


def write_photographs(folder: Path, count: int = 3) -> Path:
    """Pictures with more in them than `write_images` draws."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for index in range(count):
        picture = rng.integers(0, 256, (32, 32, 3), np.uint8)
        cv2.imwrite(str(folder / f"{index}.png"), picture)
    return folder


def test_a_simulated_sets_domains_are_named(tmp_path: Path) -> None:
    found = domains(write_set(tmp_path / "set"))
    assert (found.v, found.c) == (tmp_path / "set" / "v", tmp_path / "set" / "c")


@pytest.mark.parametrize(("rich", "plain"), [("trainA", "trainB"), ("trainB", "trainA")])
def test_of_two_unnamed_domains_the_richer_one_is_v(tmp_path: Path, rich: str, plain: str) -> None:
    write_photographs(tmp_path / rich)
    write_images(tmp_path / plain, 3, seed=0)
    found = domains(tmp_path)
    assert (found.v.name, found.c.name) == (rich, plain)
    assert f"V is {rich}/, C is {plain}/: its images carry more information" in found.why
    other = domains(tmp_path, swap=True)
    assert (other.v, other.c) == (found.c, found.v)
    assert "swapped" in other.why


def test_of_two_equally_rich_domains_a_is_v(tmp_path: Path) -> None:
    write_images(tmp_path / "trainA", 3, seed=0)
    write_images(tmp_path / "trainB", 3, seed=1)
    found = domains(tmp_path)
    assert found.v.name == "trainA"
    assert "about the same information" in found.why


def test_the_same_folder_for_both_is_refused(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "v", 2, seed=0)
    (tmp_path / "c").symlink_to(folder)
    with pytest.raises(BadData, match="the same"):
        choose(None, folder, tmp_path / "c")


@pytest.mark.parametrize("given", ["nothing", "v alone", "data and v"])
def test_one_has_to_say_where_the_images_are(tmp_path: Path, given: str) -> None:
    data = tmp_path if given == "data and v" else None
    v = None if given == "nothing" else tmp_path
    with pytest.raises(TrainError, match="either a data set, --data, or both --v and --c"):
        choose(data, v, None)


def test_two_folders_are_taken_as_given(tmp_path: Path) -> None:
    found = choose(None, tmp_path / "a", tmp_path / "b")
    assert (found.v, found.c) == (tmp_path / "a", tmp_path / "b")


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="neither v/ and c/"):
        domains(write_images(tmp_path / "v", 2, seed=0))
