"""Video files: every picture, in order, at the file's rate; damage is told and survived."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from realtime.errors import SourceError, SourceLost, SourceNotFound
from realtime.frame import Frame
from realtime.sources import Source, file, open_source, pace
from realtime.sources.contract import CameraRequest
from tests.pictures import draw_number, read_number, write_clip

Clip = Callable[..., Path]


@pytest.fixture
def clip(tmp_path: Path) -> Clip:
    """Writes a clip of numbered pictures."""

    def write(
        count: int, name: str = "clip.mp4", size_px: tuple[int, int] = (96, 64), **how: object
    ) -> Path:
        return write_clip(tmp_path / name, (draw_number(i, size_px) for i in range(count)), **how)

    return write


def frames_of(source: Source) -> list[Frame]:
    try:
        return list(iter(source.read, None))
    finally:
        source.close()


def numbers(frames: list[Frame]) -> list[int]:
    return [read_number(frame.image) for frame in frames]


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "odd: name?.avi"])
def test_every_picture_comes_once_and_in_order(clip: Clip, name: str) -> None:
    frames = frames_of(open_source(str(clip(70, name)), pace="free"))
    assert numbers(frames) == list(range(70))
    assert [frame.seq for frame in frames] == list(range(70))
    assert not any(frame.image.flags.writeable for frame in frames)
    assert all(a.capture_ns <= b.capture_ns for a, b in pairwise(frames))


def test_times_are_the_files_own(clip: Clip) -> None:
    times_ms = [0, 10, 200, 210, 1000]
    frames = frames_of(open_source(str(clip(5, times_ms=times_ms)), pace="free"))
    assert [frame.pts_us for frame in frames] == [1000 * ms for ms in times_ms]


class Clock:
    """Stands in for the module `time`: sleeping takes no time, and exactly as long as asked."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s

    def monotonic_ns(self) -> int:
        return round(self.now_s * 1e9)

    def sleep(self, duration_s: float) -> None:
        self.now_s += duration_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in (file, pace):
        monkeypatch.setattr(module, "time", clock)
    return clock


def shown_at_s(source: Source, clock: Clock, busy_s: dict[int, float]) -> list[float]:
    """When each frame came, counted from the first; after frame k the reader is busy_s[k] busy."""
    times_s = []
    while (frame := source.read()) is not None:
        times_s.append(frame.capture_ns / 1e9 - 1000.0)
        clock.now_s += busy_s.get(frame.seq, 0.0)
    source.close()
    return times_s


@pytest.mark.parametrize("pace", ["wait", "realtime"])
def test_pictures_come_at_their_times(clip: Clip, clock: Clock, pace: str) -> None:
    source = open_source(str(clip(4, times_ms=[0, 50, 250, 300])), pace=pace)
    assert source.live == (pace == "realtime")
    assert shown_at_s(source, clock, {1: 0.1}) == pytest.approx([0.0, 0.05, 0.25, 0.3])


def test_waiting_pace_slows_down_with_its_reader(clip: Clip, clock: Clock) -> None:
    source = open_source(str(clip(4, fps=10)), pace="wait")
    assert shown_at_s(source, clock, {0: 0.15}) == pytest.approx([0.0, 0.15, 0.25, 0.35])


def test_real_time_pace_makes_up_for_a_short_delay_only(clip: Clip, clock: Clock) -> None:
    path = str(clip(4, fps=10))
    short = shown_at_s(open_source(path, pace="realtime"), clock, {0: 0.15})
    assert short == pytest.approx([0.0, 0.15, 0.2, 0.3])
    clock.now_s = 1000.0
    long = shown_at_s(open_source(path, pace="realtime"), clock, {0: 5.0})
    assert long == pytest.approx([0.0, 5.0, 5.1, 5.2])


def test_free_pace_never_waits(clip: Clip, clock: Clock) -> None:
    source = open_source(str(clip(4, fps=10)), pace="free")
    assert shown_at_s(source, clock, {}) == [0.0] * 4


def test_the_demo_plays_for_ever_and_counts_on(clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    path = clip(5, name="assets/demo.mp4", fps=100)
    monkeypatch.setattr(file, "files", lambda package: path.parent.parent)
    source = open_source("demo")
    frames = [source.read() for _ in range(17)]
    source.close()
    assert source.live
    assert source.name == "demo"
    assert numbers(frames) == [*range(5), *range(5), *range(5), 0, 1]
    assert [frame.seq for frame in frames] == list(range(17))
    assert [frame.pts_us for frame in frames] == [10_000 * index for index in range(17)]


def test_a_demo_without_its_clip_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "files", lambda package: tmp_path)
    with pytest.raises(SourceNotFound, match=r"demo: its clip .*demo.mp4 is missing; install"):
        open_source("demo")


def test_a_file_does_not_do_what_a_camera_is_asked(clip: Clip) -> None:
    source = open_source(str(clip(3)), CameraRequest(size_px=(640, 480), fps=60), "free")
    source.close()
    assert source.notes == ("asked for 640x480, got 96x64", "asked for 60 fps, got 30")
    assert source.fps == 30


def write_text(path: Path) -> None:
    path.write_text("this is no video\n" * 50)


def write_nothing(path: Path) -> None:
    path.touch()


def write_sound(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        sound.rate = 44100
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda path: None, "no such file"),
        (Path.mkdir, "is a folder"),
        (write_text, "not a video"),
        (write_nothing, "not a video"),
        (write_sound, r"no video that can be decoded \(but: audio\)"),
    ],
)
def test_what_is_no_video_is_refused_in_one_line(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    make: Callable[[Path], None],
    complaint: str,
) -> None:
    path = tmp_path / "clip.mp4"
    make(path)
    with pytest.raises(SourceNotFound, match=complaint) as caught:
        open_source(str(path))
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def overwrite(path: Path, start: float, end: float) -> None:
    """Damage an MP4's pictures from one part of them to another, 0 to 1."""
    data = bytearray(path.read_bytes())
    first, last = data.find(b"mdat") + 4, data.find(b"moov") - 4
    begin, stop = (first + round((last - first) * part) for part in (start, end))
    data[begin:stop] = b"\xff" * (stop - begin)
    path.write_bytes(data)


def test_pictures_around_damage_are_played_and_the_rest_is_told(clip: Clip) -> None:
    path = clip(60, encoder={"g": "10", "bf": "0"})
    overwrite(path, 0.4, 0.6)
    source = open_source(str(path), pace="free")
    frames = frames_of(source)
    seen = numbers(frames)
    assert len(seen) < 60
    assert seen[:5] == list(range(5))
    assert seen[-20:] == list(range(40, 60)), "from the next key frame on all is well again"
    assert all(a.pts_us < b.pts_us for a, b in pairwise(frames))
    assert any("damaged pictures left out" in note for note in source.notes)


def test_damage_without_end_ends_the_file_with_an_error(clip: Clip) -> None:
    path = clip(400, encoder={"g": "10", "bf": "0"})
    overwrite(path, 0.5, 1.0)
    source = open_source(str(path), pace="free")
    with pytest.raises(SourceError, match="nothing after picture") as caught:
        frames_of(source)
    assert not isinstance(caught.value, SourceLost), "opening it again would not help"


def test_a_file_that_is_cut_short_says_so(clip: Clip) -> None:
    path = clip(60, "whole.mp4", container={"movflags": "faststart"})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 7 // 10])
    source = open_source(str(path), pace="free")
    seen = numbers(frames_of(source))
    assert seen == list(range(len(seen)))
    assert 0 < len(seen) < 60
    assert any("s of 2.0 s" in note for note in source.notes)
