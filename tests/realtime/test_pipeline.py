"""The loop of the live side: every frame is accounted for, in order, whatever goes wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq

from calibration.profile import CameraProfile, ProfileError, View
from realtime.backends.onnx_runtime import OnnxRuntime
from realtime.bundle import Bundle
from realtime.errors import BackendError, SourceLost, SourceNotFound
from realtime.frame import Frame, unix_us
from realtime.pipeline import STAGES, Pipeline
from realtime.publish import Output
from realtime.publisher import Publisher
from realtime.report import Snapshot
from realtime.sources import Source
from realtime.wire import Codec, Flag, Packet, parse, parse_info

PATIENCE_S = 10.0


class Pictures:
    """A source of flat pictures whose level is their number; then it does what `last` does."""

    name, fps, notes = "pictures", None, ()

    def __init__(
        self,
        count: int,
        *,
        live: bool = False,
        period_s: float = 0.0,
        size_px: Callable[[int], tuple[int, int]] = lambda seq: (64, 64),
        last: Callable[[], object] = lambda: None,
    ) -> None:
        self.live = live
        self._count, self._period_s, self._size_px, self._last = count, period_s, size_px, last
        self._seq = 0

    def read(self) -> Frame | None:
        if self._seq == self._count:
            self._last()
            return None
        time.sleep(self._period_s)
        width, height = self._size_px(self._seq)
        frame = Frame(
            image=np.full((height, width, 3), self._seq % 256, np.uint8),
            seq=self._seq,
            capture_ns=time.monotonic_ns(),
            capture_unix_us=unix_us(),
            pts_us=self._seq * 1000,
        )
        self._seq += 1
        return frame

    def close(self) -> None:
        pass


class SlowBackend(OnnxRuntime):
    """The real runtime, on a machine that needs `delay_s` more for a frame."""

    delay_s = 0.0

    def run(self, frame: np.ndarray) -> np.ndarray:
        time.sleep(self.delay_s)
        return super().run(frame)


class Stage:
    """A pipeline on real sockets, and what was said."""

    def __init__(self, folder: Path, open_source: Callable[[], Source], **options: Any) -> None:
        bundle = Bundle.load(folder)
        self.backend = SlowBackend(bundle)
        self.backend.delay_s = options.pop("delay_s", 0.0)
        others = {name: options.pop(name, None) for name in ("on_pictures", "recorder")}
        profile = CameraProfile(camera="a test", view=options.pop("view", View()))
        profile = options.pop("profile", profile)
        self.publisher = Publisher("tcp://127.0.0.1:0")
        self.events: list[str] = []
        self.pipeline = Pipeline(
            open_source=open_source,
            profile=profile,
            bundle=bundle,
            backend=self.backend,
            publisher=self.publisher,
            output=Output(**({"codec": Codec.RAW} | options)),
            clock_address="tcp://127.0.0.1:1",
            on_event=self.events.append,
            **others,
        )

    def run(self) -> Snapshot:
        """Until the source ends."""
        self.pipeline.start()
        try:
            assert self.pipeline.wait(PATIENCE_S)
        finally:
            self.pipeline.stop()
        return self.pipeline.snapshot()

    def wait_until(self, condition: Callable[[Snapshot], bool]) -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        while not condition(self.pipeline.snapshot()):
            assert time.monotonic() < deadline_s, self.pipeline.snapshot()
            time.sleep(0.005)


@pytest.fixture
def stage(tiny_bundle: Path) -> Iterator[Callable[..., Stage]]:
    opened: list[Stage] = []

    def make(open_source: Callable[[], Source], **options: Any) -> Stage:
        opened.append(Stage(tiny_bundle, open_source, **options))
        return opened[-1]

    yield make
    for each in opened:
        each.publisher.close()


@contextmanager
def subscriber(publisher: Publisher, topic: bytes = b"avatar/main") -> Iterator[zmq.Socket[bytes]]:
    with zmq.Context() as context, context.socket(zmq.SUB) as socket:
        socket.setsockopt(zmq.RCVTIMEO, int(PATIENCE_S * 1000))
        socket.setsockopt(zmq.RCVHWM, 0)
        socket.setsockopt(zmq.LINGER, 0)
        socket.subscribe(topic)
        socket.connect(publisher.address)
        yield socket


def held_until(condition: Callable[[], bool], make: Callable[[], Source]) -> Callable[[], Source]:
    """Opens the source once the condition holds, as a camera that takes its time."""

    def open_source() -> Source:
        deadline_s = time.monotonic() + PATIENCE_S
        while not condition() and time.monotonic() < deadline_s:
            time.sleep(0.005)
        return make()

    return open_source


def level(packet: Packet) -> int:
    pixels = np.frombuffer(packet.payload, np.uint8)
    assert (pixels == pixels[0]).all()
    return int(pixels[0])


def is_repeat(packet: Packet) -> bool:
    return Flag.SOURCE_LOST in packet.header.flags


def accounted_for(snapshot: Snapshot) -> bool:
    return snapshot.captured == snapshot.published + sum(snapshot.dropped.values())


def test_a_file_is_published_whole_and_in_order_by_a_slow_model(
    stage: Callable[..., Stage],
) -> None:
    watched: list[Stage] = []
    source = held_until(lambda: watched[0].publisher.subscribers > 0, lambda: Pictures(40))
    watched.append(stage(source, delay_s=0.002))
    with subscriber(watched[0].publisher) as socket:
        snapshot = watched[0].run()
        packets = [parse(socket.recv_multipart()) for _ in range(40)]
    assert (snapshot.captured, snapshot.published, snapshot.sent) == (40, 40, 40)
    assert snapshot.dropped == {"infer_busy": 0, "publish_busy": 0, "stopped": 0}
    assert [level(packet) for packet in packets] == [255 - number for number in range(40)]
    assert [packet.header.pts_us for packet in packets] == [number * 1000 for number in range(40)]
    assert [packet.header.seq for packet in packets] == list(range(40))
    assert all(packet.header.flags == Flag.KEY for packet in packets)
    assert all(packet.header.infer_us >= 2000 for packet in packets)


def test_a_preview_is_offered_each_view_with_its_avatar(stage: Callable[..., Stage]) -> None:
    offered: list[tuple[np.ndarray, np.ndarray]] = []
    watched = stage(lambda: Pictures(20), on_pictures=lambda *pair: offered.append(pair))
    assert watched.run().published == 20
    assert [int(view[0, 0, 0]) for view, _ in offered] == list(range(20))
    assert all((avatar == 255 - view).all() for view, avatar in offered)
    assert all(view.shape == avatar.shape == (64, 64, 3) for view, avatar in offered)


def test_a_camera_that_is_faster_than_the_model_loses_frames_that_are_counted(
    stage: Callable[..., Stage],
) -> None:
    snapshot = stage(lambda: Pictures(60, live=True, period_s=0.002), delay_s=0.03).run()
    assert snapshot.captured == 60
    assert snapshot.dropped["infer_busy"] > 0
    assert snapshot.dropped["stopped"] == 0
    assert accounted_for(snapshot)
    assert snapshot.fps_in > snapshot.fps_out > 0


def test_frames_that_the_encoder_is_too_slow_for_are_counted_apart(
    stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow_encode(*_: object, **__: object) -> tuple[bytes, Flag]:
        time.sleep(0.03)
        return b"x", Flag.KEY

    monkeypatch.setattr("realtime.publish.Encoder.encode", slow_encode)
    watched: list[Stage] = []
    source = held_until(
        lambda: watched[0].publisher.subscribers > 0,
        lambda: Pictures(60, live=True, period_s=0.002),
    )
    watched.append(stage(source))
    with subscriber(watched[0].publisher):
        snapshot = watched[0].run()
    assert snapshot.dropped["publish_busy"] > 0
    assert snapshot.latency_ms["encode"]["p50"] >= 30
    assert accounted_for(snapshot)


def test_a_publisher_that_hangs_is_not_put_down_to_the_model(
    stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()

    def stuck(*_: object, **__: object) -> tuple[bytes, Flag]:
        goes_on.wait(PATIENCE_S)
        return b"x", Flag.KEY

    monkeypatch.setattr("realtime.publish.Encoder.encode", stuck)
    watched = stage(lambda: Pictures(10_000, live=True, period_s=0.01))
    with subscriber(watched.publisher):
        watched.pipeline.start()
        try:
            watched.wait_until(lambda snapshot: "publisher_stalls" in snapshot.trouble)
            assert "model_stalls" not in watched.pipeline.trouble
        finally:
            goes_on.set()
            watched.pipeline.stop()


def test_nothing_is_encoded_for_nobody(
    stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("realtime.publish.Encoder.encode")
    snapshot = stage(lambda: Pictures(20)).run()
    assert (snapshot.published, snapshot.sent) == (20, 0)
    assert set(snapshot.latency_ms) == set(STAGES)
    for figures in snapshot.latency_ms.values():
        assert 0 <= figures["p50"] <= figures["p95"] <= figures["p99"] <= figures["max"]
    assert snapshot.latency_ms["total"]["p50"] >= snapshot.latency_ms["infer"]["p50"]


def test_a_newcomer_is_told_everything_at_once(stage: Callable[..., Stage]) -> None:
    watched = stage(lambda: Pictures(10_000, live=True, period_s=0.005))
    watched.pipeline.start()
    try:
        watched.wait_until(lambda snapshot: snapshot.published > 5)
        with subscriber(watched.publisher, b"info/main") as socket:
            stream, info = parse_info(socket.recv_multipart())
    finally:
        watched.pipeline.stop()
    assert stream == info["stream"] == "main"
    assert info["schema"] == 1
    assert info["bundle"].startswith("tiny@")
    assert info["backend"] == "onnxruntime-cpu"
    assert info["source"] == {"name": "pictures", "state": "live"}
    assert info["clock"] == "tcp://127.0.0.1:1"
    assert set(info["latency_ms"]) == set(STAGES)
    assert info["dropped"].keys() == {"infer_busy", "publish_busy"}


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


def test_a_source_that_changes_its_size_goes_on(stage: Callable[..., Stage]) -> None:
    source = Pictures(9, size_px=lambda seq: (64, 64) if seq < 5 else (100, 80))
    watched = stage(lambda: source)
    assert watched.run().published == 9
    assert [event for event in watched.events if "changed" in event] == [
        "the source changed from 64x64 to 100x80 pixels"
    ]


def test_a_limit_of_frames_is_kept_exactly(stage: Callable[..., Stage]) -> None:
    snapshot = stage(lambda: Pictures(100), frames=7).run()
    assert snapshot.published == 7
    assert snapshot.captured > 7
    assert snapshot.dropped["stopped"] == snapshot.captured - 7


def test_what_was_captured_before_the_stop_is_published(stage: Callable[..., Stage]) -> None:
    watched = stage(lambda: Pictures(10_000, live=True, period_s=0.002), delay_s=0.005)
    watched.pipeline.start()
    watched.wait_until(lambda snapshot: snapshot.published > 3)
    assert not watched.pipeline.wait(0.0)
    watched.pipeline.stop()
    snapshot = watched.pipeline.snapshot()
    assert snapshot.source_state == "ended"
    assert snapshot.dropped["stopped"] == 0
    assert accounted_for(snapshot)


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
