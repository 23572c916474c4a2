"""A playlist is no video, whatever its name says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from calibration.clips import playlist_objection
from calibration.errors import BadImages
from calibration.images import pictures
from realtime.errors import SourceNotFound
from realtime.sources import open_source
from tests.pictures import draw_number, write_clip
from train.data.videos import frame_count
from train.errors import BadData

PLAYLISTS = [
    "ffconcat version 1.0\nfile secret.mp4\n",
    "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nsecret.mp4\n#EXT-X-ENDLIST\n",
    "\n<?xml version='1.0'?><MPD></MPD>",
    "v=0\no=- 0 0 IN IP4 127.0.0.1\n",
]


@pytest.mark.parametrize("name", ["clip.mp4", "clip.m3u8"])
@pytest.mark.parametrize("text", PLAYLISTS)
def test_nobody_opens_one(tmp_path: Path, text: str, name: str) -> None:
    write_clip(tmp_path / "secret.mp4", [draw_number(n) for n in range(5)])
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(SourceNotFound, match="is a playlist"):
        open_source(str(path))
    with pytest.raises(BadImages, match="is a playlist"):
        next(pictures(path))
    with pytest.raises(BadData, match="is a playlist"):
        frame_count(path)


def test_a_video_is_none_and_what_cannot_be_read_is_not_for_it_to_say(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", [draw_number(n) for n in range(5)])
    assert playlist_objection(clip) is None
    assert playlist_objection(tmp_path / "nothing") is None
    assert playlist_objection(tmp_path) is None
    (tmp_path / "empty").touch()
    assert playlist_objection(tmp_path / "empty") is None


def test_nothing_is_taken_out_of_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert playlist_objection(tmp_path / "pipe") is None  # and does not wait for a writer
