"""The loop when its camera, its model or its publisher fails, hangs or vanishes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from calibration.profile import ProfileError, View
from realtime.errors import BackendError, SourceLost, SourceNotFound
from realtime.publisher import Publisher
from realtime.sources import Source
from realtime.wire import Flag, Packet, parse
from tests.realtime.stage import (
    PATIENCE_S,
    Pictures,
    SlowBackend,
    Stage,
    accounted_for,
    held_until,
    is_repeat,
    subscriber,
)


def test_the_last_picture_of_a_lost_camera_is_repeated_and_marked(
    stage: Callable[..., Stage],
) -> None:
    def lose() -> None:
        raise SourceLost("pictures: unplugged")

    opened: list[int] = []

    def open_source() -> Source:
        opened.append(1)
        if len(opened) > 1:
            raise SourceNotFound("pictures: still unplugged")
        return Pictures(5, live=True, period_s=0.01, last=lose)

    watched: list[Stage] = []
    source = held_until(lambda: watched[0].publisher.subscribers > 0, open_source)
    watched.append(stage(source))
    packets: list[Packet] = []
    with subscriber(watched[0].publisher) as socket:
        watched[0].pipeline.start()
        try:
            while sum(is_repeat(packet) for packet in packets) < 2:
                packets.append(parse(socket.recv_multipart()))
            assert watched[0].pipeline.source_state == "lost"
        finally:
            watched[0].pipeline.stop()
    *_, good, again, once_more = packets
    assert not is_repeat(good)
    for repeat in (again, once_more):
        assert Flag.KEY in repeat.header.flags
        assert bytes(repeat.payload) == bytes(good.payload)
        assert repeat.header.capture_us == good.header.capture_us
        assert repeat.header.pts_us == good.header.pts_us
    assert once_more.header.publish_us - again.header.publish_us > 400_000
    assert {b.header.seq - a.header.seq for a, b in pairwise(packets)} == {1}
    snapshot = watched[0].pipeline.snapshot()
    assert snapshot.published == len(packets) - 2
    assert snapshot.sent >= len(packets)
    assert accounted_for(snapshot)


def test_a_camera_whose_driver_holds_up_a_read_is_stalled(stage: Callable[..., Stage]) -> None:
    unplugged = threading.Event()
    source = Pictures(3, live=True, last=lambda: unplugged.wait(PATIENCE_S))
    watched = stage(lambda: source)
    watched.pipeline.start()
    try:
        watched.wait_until(lambda snapshot: snapshot.source_state == "stalled")
    finally:
        unplugged.set()
        watched.pipeline.stop()


@pytest.mark.parametrize("quick_s", [60.0, 0.0])
def test_a_model_that_hangs_is_not_put_down_to_the_camera(
    stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch, quick_s: float
) -> None:
    """Whichever thread it hangs in, its stack is told and the last picture goes out as old."""
    monkeypatch.setattr("realtime.relay.QUICK_S", quick_s)
    hangs, goes_on = threading.Event(), threading.Event()
    run = SlowBackend.run

    def run_or_hang(self: SlowBackend, frame: np.ndarray) -> np.ndarray:
        if hangs.is_set():
            goes_on.wait(PATIENCE_S)
        return run(self, frame)

    monkeypatch.setattr(SlowBackend, "run", run_or_hang)
    watched = stage(lambda: Pictures(10_000, live=True, period_s=0.01))
    with subscriber(watched.publisher) as socket:
        watched.pipeline.start()
        try:
            watched.wait_until(lambda snapshot: snapshot.sent > 5)
            hangs.set()
            watched.wait_until(lambda snapshot: "model_stalls" in snapshot.trouble)
            assert watched.pipeline.trouble == ("model_stalls",)
            while not is_repeat(parse(socket.recv_multipart())):
                pass
            (told,) = [line for line in watched.events if "model stands still" in line]
            assert "run_or_hang" in told
            hangs.clear()
            goes_on.set()
            sent = watched.pipeline.snapshot().published
            watched.wait_until(lambda snapshot: snapshot.published > sent + 5)
        finally:
            goes_on.set()
            watched.pipeline.stop()
    assert accounted_for(watched.pipeline.snapshot())


def test_what_stops_the_camera_stops_the_program(stage: Callable[..., Stage]) -> None:
    def open_source() -> Source:
        raise SourceNotFound("pictures: no such camera")

    with pytest.raises(SourceNotFound, match="no such camera"):
        stage(open_source).run()


def test_what_stops_the_model_stops_the_program(
    stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise BackendError("the runtime ran away")

    monkeypatch.setattr(SlowBackend, "run", fail)
    watched = stage(lambda: Pictures(10))
    with pytest.raises(BackendError, match="ran away"):
        watched.run()
    assert accounted_for(watched.pipeline.snapshot())


def test_what_stops_the_publisher_stops_the_program(
    stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no network")

    monkeypatch.setattr(Publisher, "send_info", fail)
    with pytest.raises(RuntimeError, match="no network"):
        stage(lambda: Pictures(10_000, live=True, period_s=0.002)).run()


def test_a_crop_that_the_camera_does_not_have_stops_the_program(
    stage: Callable[..., Stage],
) -> None:
    with pytest.raises(ProfileError, match="does not lie inside"):
        stage(lambda: Pictures(10), view=View(roi_px=(0, 0, 640, 480))).run()
