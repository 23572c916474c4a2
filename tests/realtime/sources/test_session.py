"""A recorded session as a source: the same pictures, at the same distances in time."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from realtime.errors import SourceNotFound
from realtime.sessions.format import VIDEO
from realtime.sources import CameraRequest, open_source, pace, session
from tests.realtime.sessions.recorded import START_NS, frame, noise, record
from tests.realtime.sources.test_file import Clock

TIMES_MS = (0, 33, 67, 400, 410, 433)
"""With a pause, as of a camera that was lost for a while."""
IMAGES = noise(len(TIMES_MS))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    frames = [
        frame(image, seq, capture_ns=START_NS + time_ms * 1_000_000)
        for seq, (image, time_ms) in enumerate(zip(IMAGES, TIMES_MS, strict=True))
    ]
    record(tmp_path / "s", frames)
    return tmp_path / "s"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in (pace, session):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.mark.parametrize("how", ["wait", "realtime"])
def test_it_plays_with_its_own_timing(folder: Path, clock: Clock, how: str) -> None:
    source = open_source(str(folder), pace=how)  # type: ignore[arg-type]
    assert (source.live, source.fps) == (how == "realtime", 30.0)
    assert source.settings == {"recorded_from": "a test"}
    frames = []
    while (item := source.read()) is not None:
        frames.append(item)
    source.close()
    gaps_ms = [(b.capture_ns - a.capture_ns) / 1e6 for a, b in pairwise(frames)]
    assert gaps_ms == pytest.approx([b - a for a, b in pairwise(TIMES_MS)], abs=0.001)
    assert [item.pts_us for item in frames] == [time_ms * 1000 for time_ms in TIMES_MS]
    assert [item.seq for item in frames] == list(range(len(TIMES_MS)))
    for item, image in zip(frames, IMAGES, strict=True):
        np.testing.assert_array_equal(item.image, image)
    assert source.notes == ()


def test_it_plays_as_fast_as_it_goes(folder: Path, clock: Clock) -> None:
    source = open_source(str(folder), pace="free")
    started_s = clock.now_s
    while source.read() is not None:
        pass
    source.close()
    assert clock.now_s == started_s


def test_a_torn_end_is_said_when_it_is_reached(folder: Path) -> None:
    video = folder / VIDEO
    video.write_bytes(video.read_bytes()[:-2000])
    source = open_source(str(folder), pace="free")
    count = 0
    while source.read() is not None:
        count += 1
    source.close()
    assert 0 < count < len(TIMES_MS)
    assert f"the index has {len(TIMES_MS)} pictures, the video {count}" in source.notes[-1]


def test_what_is_asked_for_and_not_recorded_is_said(folder: Path) -> None:
    source = open_source(str(folder), CameraRequest(size_px=(640, 480)))
    source.close()
    assert source.notes == ("asked for 640x480, got 64x48",)


def test_a_session_without_a_picture_is_not_found(folder: Path) -> None:
    (folder / VIDEO).write_bytes(b"")
    with pytest.raises(SourceNotFound, match=r"video\.nut"):
        open_source(str(folder))
