"""Where pictures come from: folders, clips, sessions - and what is none of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from calibration.errors import BadImages
from calibration.images import first_picture, pictures, size_of, write_image
from tests.calibration.simulated import write_clip


def test_a_folder_gives_its_images_by_name_in_rgb(tmp_path: Path) -> None:
    for name, colour in (("b.png", (0, 0, 255)), ("a.png", (255, 0, 0))):
        write_image(tmp_path / name, np.full((4, 6, 3), colour, np.uint8))
    (tmp_path / "notes.txt").write_text("not an image")
    found = list(pictures(tmp_path))
    assert [p.name for p in found] == ["a.png", "b.png"]
    assert found[0].image[0, 0].tolist() == [255, 0, 0]
    assert size_of(found[0].image) == (6, 4)


def test_a_clip_and_a_folder_that_holds_one_give_its_frames(
    tmp_path: Path,
) -> None:
    levels = (np.full((48, 64, 3), 16 + 2 * index, np.uint8) for index in range(5))
    clip = write_clip(tmp_path / "video.avi", levels)
    for source in (clip, clip.parent):
        found = list(pictures(source))
        assert [p.name for p in found] == [f"video.avi:{i}" for i in range(5)]
        assert abs(int(found[3].image.mean()) - 22) < 4
    assert first_picture(clip).name == "video.avi:0"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: p / "missing.mp4", "no such file, folder or device"),
        (lambda p: p, "holds no image"),
        (lambda p: _text(p / "notes.mp4"), "cannot be opened as a camera or video"),
        (lambda p: _text(p / "broken.png"), "not an image that can be read"),
    ],
)
def test_what_holds_no_picture_is_said(
    make: Callable[[Path], Path], message: str, tmp_path: Path
) -> None:
    with pytest.raises(BadImages, match=message):
        list(pictures(make(tmp_path)))


def test_a_picture_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere" / "a.png", tmp_path / "a.unknown"):
        with pytest.raises(BadImages, match="cannot write"):
            write_image(path, np.zeros((4, 4, 3), np.uint8))


def _text(path: Path) -> Path:
    path.write_text("hello")
    return path
