"""The thread that reads the camera: fresh frames, losses survived, an end without waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from realtime import capture
from realtime.capture import CaptureThread
from realtime.errors import SourceError, SourceLost, SourceNotFound
from realtime.frame import Frame
from realtime.mailbox import Closed, Mailbox
from realtime.sources import Source, open_source
from tests.pictures import draw_number, read_number, write_clip
from tests.servers import MjpegServer, RtspServer

LONG_S = 30.0

Script = list[int | Exception | Callable[[], None] | None]


class Scripted:
    """A live source that plays a script: a time is a frame, an error is raised, a call is made."""

    name, live, fps, notes = "a camera", True, None, ()

    def __init__(self, script: Script) -> None:
        self.script, self.closed = iter(script), False
        self.shade = 0

    def read(self) -> Frame | None:
        for step in self.script:
            if isinstance(step, Exception):
                raise step
            if step is None:
                return None
            if isinstance(step, int):
                now_ns = time.monotonic_ns()
                self.shade += 1  # no two pictures of a camera are the same
                image = np.full((2, 2, 3), self.shade, np.uint8)
                return Frame(image=image, seq=0, capture_ns=now_ns, capture_unix_us=0, pts_us=step)
            step()
        return None

    def close(self) -> None:
        self.closed = True


class Run:
    """A capture thread, what it reported, and everything that came out of it."""

    def __init__(self, opener: Callable[[], Source]) -> None:
        self.mailbox: Mailbox[Frame] = Mailbox()
        self.events: list[str] = []
        self.thread = CaptureThread(opener, self.mailbox, self.events.append)
        self.thread.start()

    def frames(self) -> Iterator[Frame]:
        """Until the end; an error is raised."""
        while True:
            try:
                frame = self.mailbox.get(LONG_S)
            except Closed:
                return
            assert frame is not None, "nothing came, and no end either"
            yield frame

    def end(self) -> None:
        self.thread.stop()
        self.thread.join(LONG_S)
        assert not self.thread.is_alive()


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "_PAUSE_MIN_S", 0.01)
    monkeypatch.setattr(capture, "_PAUSE_MAX_S", 0.04)


def opener_of(*results: Source | Exception) -> Callable[[], Source]:
    """Opens the sources one after the other; an exception among them is raised."""
    left = iter(results)

    def open_next() -> Source:
        result = next(left)
        if isinstance(result, Exception):
            raise result
        return result

    return open_next


def test_a_slow_reader_gets_every_picture_of_a_file(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", (draw_number(i) for i in range(60)))
    run = Run(lambda: open_source(str(path), pace="free"))
    numbers = []
    for frame in run.frames():
        numbers.append(read_number(frame.image))
        time.sleep(0.001)
    assert numbers == list(range(60))
    assert run.mailbox.dropped == 0
    assert run.thread.captured == 60
    assert run.thread.state == "ended"
    run.end()


def test_a_slow_reader_of_a_camera_sees_the_present() -> None:
    with MjpegServer(fps=60) as server:
        run = Run(lambda: open_source(server.url))
        frames = run.frames()
        first = next(frames)
        started_s = time.monotonic()
        for _ in range(8):
            time.sleep(0.1)
            last = next(frames)
        waited_s = time.monotonic() - started_s
        drawn_s = (read_number(last.image) - read_number(first.image)) / 1000
        run.end()
    # Out of a queue, eight pictures further would be 8/60 s later.
    assert drawn_s > waited_s / 2
    assert run.mailbox.dropped > 0


@pytest.mark.parametrize("kind", [MjpegServer, RtspServer])
def test_a_camera_that_was_away_is_back_by_itself(
    kind: type[MjpegServer] | type[RtspServer],
) -> None:
    with kind() as server:
        run = Run(lambda: open_source(server.url))
        frames = run.frames()
        before = [next(frames) for _ in range(3)]
        server.kill()
        wait_for(lambda: run.thread.state == "lost")
        time.sleep(0.1)
        server.start()
        after = [frame for frame, _ in zip(frames, range(40), strict=False)]
        run.end()
    lost, back = run.events
    assert lost.startswith("camera lost: ")
    assert lost.endswith("; trying again")
    assert back.startswith("camera back after ")
    seen = before + after
    assert all(a.seq < b.seq and a.pts_us < b.pts_us for a, b in pairwise(seen))
    assert run.thread.captured > len(seen)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + LONG_S
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.005)


def test_numbers_and_times_count_on_and_each_change_is_told_once() -> None:
    gone = SourceLost("a camera: unplugged")
    first, second = Scripted([0, 20_000, gone]), Scripted([0, 20_000, None])
    taken = threading.Semaphore(0)
    for script in (first, second):
        script.script = iter([step for item in script.script for step in (item, taken.acquire)])
    run = Run(opener_of(first, SourceNotFound("still away"), SourceNotFound("still away"), second))
    frames = []
    for frame in run.frames():
        frames.append(frame)
        taken.release()
    assert [frame.seq for frame in frames] == [0, 1, 2, 3]
    assert all(a.pts_us < b.pts_us for a, b in pairwise(frames))
    assert run.events[0] == "camera lost: a camera: unplugged; trying again"
    assert run.events[1].startswith("camera back after ")
    assert run.events[1].endswith(" s, 3 tries")
    assert len(run.events) == 2
    run.end()
    assert first.closed
    assert second.closed


def test_pauses_grow_while_a_camera_is_lost_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "_PAUSE_MAX_S", 60.0)
    opened_s = []

    def open_flickering() -> Source:
        opened_s.append(time.monotonic())
        return Scripted([0, SourceLost("a camera: flickers")])

    run = Run(open_flickering)
    wait_for(lambda: len(opened_s) >= 6)
    run.end()
    pauses_s = [b - a for a, b in pairwise(opened_s[:6])]
    assert all(pause_s >= 0.01 * 2**k for k, pause_s in enumerate(pauses_s))


def test_a_camera_that_cannot_be_opened_at_first_is_an_error() -> None:
    run = Run(opener_of(SourceNotFound("camera 7: there is none")))
    with pytest.raises(SourceNotFound, match="there is none"):
        next(run.frames())
    assert run.thread.state == "ended"
    assert run.events == []
    run.end()


@pytest.mark.parametrize("error", [SourceError("past help"), ZeroDivisionError("a mistake")])
def test_an_error_that_time_does_not_heal_ends_the_capture(error: Exception) -> None:
    source = Scripted([0, error])
    run = Run(opener_of(source))
    with pytest.raises(type(error), match=str(error)):
        list(run.frames())
    run.end()
    assert source.closed


def test_notes_are_told_once() -> None:
    first, second = Scripted([0, SourceLost("gone")]), Scripted([0, None])
    first.notes = second.notes = ("asked for 60 fps, got 30",)
    run = Run(opener_of(first, second))
    list(run.frames())
    assert run.events.count("a camera: asked for 60 fps, got 30") == 1
    run.end()


def test_a_read_that_hangs_is_seen_and_does_not_hold_up_stop() -> None:
    hanging, go_on = threading.Event(), threading.Event()

    def hang() -> None:
        hanging.set()
        go_on.wait(LONG_S)

    run = Run(opener_of(Scripted([0, hang, 20_000])))
    assert hanging.wait(LONG_S)
    young_s = run.thread.pulse.silent_s
    time.sleep(0.05)
    assert run.thread.state == "live"
    assert run.thread.pulse.silent_s >= young_s + 0.05
    started_s = time.monotonic()
    run.thread.stop()
    assert time.monotonic() - started_s < 1.0
    go_on.set()
    run.end()
    assert run.thread.state == "ended"
    assert run.thread.pulse.silent_s == 0.0


def test_a_camera_that_is_back_has_its_time_for_the_first_picture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(capture, "_PAUSE_MIN_S", 0.5)
    silent_s: list[float] = []

    def slow() -> None:
        silent_s.append(run.thread.pulse.silent_s)
        time.sleep(0.05)
        silent_s.append(run.thread.pulse.silent_s)

    run = Run(opener_of(Scripted([0, SourceLost("unplugged")]), Scripted([slow, None])))
    assert len(list(run.frames())) == 1
    run.end()
    assert silent_s[0] < 0.5
    assert silent_s[1] >= silent_s[0] + 0.05


def test_what_waited_in_the_drivers_queue_while_nobody_read_is_not_handed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its time would be that of the read: an old picture would go out as a new one."""
    monkeypatch.setattr(capture, "_LATE_S", 0.05)
    monkeypatch.setattr(capture, "_AT_ONCE_S", 0.1)
    recorded: list[int] = []

    class Working(Mailbox[Frame]):
        """Its reader's work is done by the writer, and takes long for the second frame."""

        def put(self, item: Frame) -> None:
            time.sleep(0.1 if item.pts_us == 1 else 0.0)
            super().put(item)

    box = Working()
    source = Scripted([0, 1, 2, 3, lambda: time.sleep(0.2), 4, 5, None])
    thread = CaptureThread(
        lambda: source, box, on_frame=lambda frame, _: recorded.append(frame.pts_us)
    )
    taken: list[int] = []
    put = Mailbox.put
    monkeypatch.setattr(
        Mailbox, "put", lambda self, frame: (taken.append(frame.pts_us), put(self, frame))
    )
    thread.start()
    thread.join(LONG_S)
    assert taken == [0, 1, 4, 5]
    assert thread.missed == 2
    assert thread.captured == 6
    assert recorded == list(range(6))


def test_stop_ends_the_wait_for_a_lost_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "_PAUSE_MIN_S", 600.0)
    run = Run(opener_of(Scripted([0, SourceLost("gone")])))
    wait_for(lambda: run.thread.state == "lost")
    run.end()
    assert len(list(run.frames())) == 1


def test_stop_ends_the_wait_for_a_reader(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", (draw_number(i) for i in range(5)))
    run = Run(lambda: open_source(str(path), pace="free"))
    wait_for(lambda: run.thread.captured == 2)
    run.end()
    assert [frame.seq for frame in run.frames()] == [0]
