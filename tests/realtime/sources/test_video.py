"""Decoding: colours, odd sizes, rotation, and errors in plain words."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from realtime.sources.video import Video, explain
from tests.pictures import draw_number, read_number, write_clip


def first_image(path: Path) -> np.ndarray:
    video = Video(str(path), "a clip")
    image = video.rgb(next(video.pictures()).frame)
    video.close()
    return image


def test_colours_come_out_as_rgb(tmp_path: Path) -> None:
    colour = np.array([200, 40, 60], np.uint8)
    image = first_image(write_clip(tmp_path / "a.mp4", [np.tile(colour, (64, 96, 1))] * 3))
    assert np.abs(image.astype(int) - colour).max() <= 4


@pytest.mark.parametrize("width", [96, 98, 102])
def test_rows_are_contiguous_at_any_width(tmp_path: Path, width: int) -> None:
    image = first_image(write_clip(tmp_path / "a.mp4", [draw_number(0b1011, (width, 64))] * 3))
    assert image.shape == (64, width, 3)
    assert image.flags.c_contiguous
    assert read_number(image) == 0b1011


@pytest.mark.parametrize("turned_deg", [90, -90, 180])
def test_a_turned_video_is_turned_upright(tmp_path: Path, turned_deg: int) -> None:
    upright = np.zeros((64, 96, 3), np.uint8)
    upright[:16, :24] = 255
    # The file holds the picture turned the other way, and the angle that turns it upright.
    stored = np.rot90(upright, -turned_deg // 90)
    path = write_clip(tmp_path / "a.mp4", [stored] * 3, turned_deg=turned_deg)
    image = first_image(path)
    assert image.shape == upright.shape
    assert np.abs(image.astype(int) - upright).mean() < 5


def test_errors_are_explained_without_the_address() -> None:
    for kind in (
        av.error.HTTPUnauthorizedError,
        av.error.HTTPNotFoundError,
        av.error.ConnectionRefusedError,
        av.error.ExitError,
        av.error.InvalidDataError,
        av.error.PermissionError,
        av.error.OSError,
        av.error.HTTPServerError,
    ):
        said = explain(kind(5, "a reason", "rtsp://ann:secret@cam/live"))
        assert "secret" not in said
        assert "\n" not in said
        assert ";" in said, "what to do comes after what is wrong"
