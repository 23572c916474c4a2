"""A pipeline on real sockets, with sources made for tests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import zmq

from calibration.profile import CameraProfile, View
from realtime.backends.onnx_runtime import OnnxRuntime
from realtime.bundle import Bundle
from realtime.frame import Frame, unix_us
from realtime.pipeline import Pipeline
from realtime.publish import Output
from realtime.publisher import Publisher
from realtime.report import Snapshot
from realtime.sources import Source
from realtime.wire import Codec, Flag, Packet

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
