"""Folders of pictures, and parts of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from calibration.opencv import cv2
from train.errors import BadData
from train.simulate.backgrounds import Backgrounds
from train.simulate.scene import Backdrop

SIZE_PX = 32


def backdrop(x: float, size: float) -> Backdrop:
    return Backdrop(image=0, centre=(x, 0.5), size=size, gain=1.0, blur=0.0)


def test_a_crop_shows_its_part(tmp_path: Path) -> None:
    image = np.zeros((100, 200, 3), np.uint8)
    image[:, 100:] = (0, 0, 255)  # BGR: the right half is red
    cv2.imwrite(str(tmp_path / "half.png"), image)
    backgrounds = Backgrounds(tmp_path, SIZE_PX)
    assert len(backgrounds) == 1
    left, right = (backgrounds.crop(backdrop(x, 0.5)) for x in (0.0, 1.0))
    assert left.shape == (SIZE_PX, SIZE_PX, 3)
    assert left.max() == 0
    np.testing.assert_array_equal(right[16, 16], [1, 0, 0])
    whole = backgrounds.crop(backdrop(0.5, 1.0))
    np.testing.assert_array_equal(whole[16, [4, 28], 0], [0, 1])


def test_folders_without_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="is no folder"):
        Backgrounds(tmp_path / "absent", SIZE_PX)
    (tmp_path / "notes.txt").write_text("none")
    with pytest.raises(BadData, match="holds no pictures"):
        Backgrounds(tmp_path, SIZE_PX)
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(BadData, match=r"broken\.jpg is no picture"):
        Backgrounds(tmp_path, SIZE_PX)
    (tmp_path / "broken.jpg").write_bytes(b"")
    with pytest.raises(BadData, match=r"broken\.jpg is no picture"):
        Backgrounds(tmp_path, SIZE_PX)
