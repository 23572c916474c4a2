"""A bundle on a video, kept as a picture or a video."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from calibration.opencv import cv2
from realtime.errors import UsageError
from realtime.side_by_side import SideBySideConfig, run
from tests.pictures import write_clip


def clip(folder: Path, frames: int) -> Path:
    """Frame k is grey of level 16 + 16 k."""
    levels = (np.full((64, 96, 3), 16 + 16 * k, np.uint8) for k in range(frames))
    return write_clip(folder / "clip.mp4", levels)


def test_a_picture_has_the_view_above_the_avatar(tiny_bundle: Path, tmp_path: Path) -> None:
    """The tiny model inverts."""
    out = tmp_path / "out.png"
    video = str(clip(tmp_path, 10))
    run(SideBySideConfig(video=video, out=out, bundle=tiny_bundle, columns=3))
    picture = cv2.imread(str(out)).astype(int)
    assert picture.shape == (2 * 64, 3 * 64, 3)
    assert np.abs(picture[:64] + picture[64:] - 255).max() == 0
    assert picture[0, 0, 0] < picture[0, 64, 0] < picture[0, 128, 0], "in the order of time"


def test_a_picture_for_a_page_is_a_jpeg(tiny_bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jpg"
    run(SideBySideConfig(video=str(clip(tmp_path, 4)), out=out, bundle=tiny_bundle, columns=2))
    assert out.read_bytes().startswith(b"\xff\xd8\xff")
    assert cv2.imread(str(out)).shape == (2 * 64, 2 * 64, 3)


def test_a_video_has_view_avatar_and_truth_beside_each_other(
    tiny_bundle: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.mp4"
    video = clip(tmp_path, 10)
    run(SideBySideConfig(video=str(video), out=out, bundle=tiny_bundle, truth=video))
    with av.open(str(out)) as container:
        frames = [f.to_ndarray(format="rgb24").astype(int) for f in container.decode(video=0)]
    assert len(frames) == 10
    assert frames[0].shape == (64, 3 * 64, 3)
    view, avatar, truth = np.split(frames[5], 3, axis=1)
    assert np.abs(view - truth)[8:-8, 8:-8].mean() < 3
    assert np.abs(view + avatar - 255)[8:-8, 8:-8].mean() < 3


@pytest.mark.parametrize("name", ["out.gif", "out"])
def test_another_kind_of_file_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"ends in \.mp4, \.png or \.jpg"):
        SideBySideConfig(video="a.mp4", out=Path(name))


def test_a_folder_that_does_not_exist_is_said(tiny_bundle: Path, tmp_path: Path) -> None:
    for name in ("out.mp4", "out.png"):
        config = SideBySideConfig(
            video=str(clip(tmp_path, 2)), out=tmp_path / "no" / name, bundle=tiny_bundle
        )
        with pytest.raises(UsageError, match="cannot write"):
            run(config)
