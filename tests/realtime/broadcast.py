"""A publisher of numbered flat pictures on a thread of its own, for the tests of the client."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

import numpy as np
import zmq

from realtime.clock import ClockServer
from realtime.codec import encode
from realtime.frame import Image, unix_us
from realtime.keys import KeyFolder
from realtime.publisher import Publisher
from realtime.wire import Codec, Flag, Form, Header, pack_message

SIZE_PX = (6, 4)
PATIENCE_S = 10.0


def picture(number: int) -> Image:
    """uint8[4, 6, 3]: red counts up, green is 100, blue 0."""
    width, height = SIZE_PX
    return np.full((height, width, 3), (number % 256, 100, 0), np.uint8)


def header(**fields: Any) -> Header:
    """The header of such a picture, as it was taken now."""
    usual = {"codec": Codec.RAW, "capture_us": unix_us(), "pts_us": 0, "infer_us": 0}
    return Header(**usual | {"width": SIZE_PX[0], "height": SIZE_PX[1]} | fields)


def wait_until(condition: Callable[[], object]) -> None:
    """Return once it holds; fail if it does not for long."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.005)


class Broadcast(threading.Thread):
    """Sends `picture(seq)` every `period_s` until it is left; a context manager."""

    def __init__(
        self,
        bind: str = "tcp://127.0.0.1:0",
        stream: str = "main",
        form: Form = "multipart",
        *,
        period_s: float = 0.005,
        limit: int = 10**9,
        flags: Flag = Flag.KEY,
        shift_us: int = 0,
        keys: KeyFolder | None = None,
    ) -> None:
        """`limit` is how many pictures are sent; `shift_us` is how wrong its clock is."""
        super().__init__(name="broadcast")
        self.said: list[str] = []
        """What it had to say to people."""
        self.publisher = Publisher(bind, stream, form, keys=keys, on_event=self.said.append)
        self.address = self.publisher.address
        self._period_s, self._limit, self._flags, self._shift_us = period_s, limit, flags, shift_us
        self._clock = ClockServer(self.address, keys)
        self._stopping = threading.Event()

    def __enter__(self) -> Self:
        self._clock.start()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self.join()
        self._clock.close()
        self.publisher.close()

    def run(self) -> None:
        next_info_s = 0.0
        while not self._stopping.wait(self._period_s):
            if self.publisher.poll(0) or time.monotonic() > next_info_s:
                next_info_s = time.monotonic() + 0.2
                self.publisher.send_info({"bundle": "tiny@01234567", "clock": self._clock.address})
            if self.publisher.subscribers and self.publisher.sent < self._limit:
                taken_us = unix_us() + self._shift_us
                payload = encode(picture(self.publisher.sent), Codec.RAW)
                self.publisher.send(header(flags=self._flags, capture_us=taken_us), payload)


class RawPublisher:
    """Sends any bytes, as only a broken or hostile publisher would."""

    def __init__(self, socket: zmq.Socket[bytes]) -> None:
        self._socket = socket
        socket.bind("tcp://127.0.0.1:0")
        self.address = socket.getsockopt_string(zmq.LAST_ENDPOINT)

    def wait_for_subscriber(self) -> None:
        """Return when a client's two subscriptions, to pictures and information, are in."""
        for _ in range(2):
            assert self._socket.poll(int(PATIENCE_S * 1000))
            self._socket.recv()

    def send(self, *parts: bytes) -> None:
        self._socket.send_multipart(parts)

    def send_picture(self, topic: str = "avatar/main", **fields: Any) -> None:
        """A whole message, with these fields in its header."""
        made = header(**fields)
        payload = picture(made.seq).tobytes()
        self._socket.send_multipart(pack_message(topic, made, payload))


@contextmanager
def raw_publisher() -> Iterator[RawPublisher]:
    with zmq.Context() as context, context.socket(zmq.XPUB) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        yield RawPublisher(socket)
