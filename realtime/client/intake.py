"""`Intake`: what comes in over a client's socket: counted, and all but the newest left out.

A slow reader of a socket falls behind without bound: the pictures wait in the buffers of both
machines. So whoever asks for a picture takes in all that is there and gets the newest, with what it
needs to be decoded: nothing but itself, unless it is H.264. While nobody asks, the client's thread
takes in often enough that the buffers never fill. Who waits for a picture waits at the socket, and
does meanwhile what else is to be done often: to be woken takes a thread longer than either.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import zmq

from realtime.address import parse_address
from realtime.client.chain import Chain, Pictures
from realtime.client.connection import QUEUED_MESSAGES
from realtime.client.tally import Tally
from realtime.endless import LOOK_S
from realtime.errors import AddressError, WireError
from realtime.peers import is_readable
from realtime.stats import Rate
from realtime.topic import INFO_PREFIX, avatar_topic
from realtime.wire import parse, parse_info

MOST_OTHER_STREAMS = 16
_TURN_MS = round(LOOK_S * 1000)
_INFO = INFO_PREFIX.encode()


class Intake:
    """One thread asks for pictures, another relieves it; any may read the attributes."""

    def __init__(self, socket: zmq.Socket[bytes], stream: str, look: Callable[[], None]) -> None:
        """look: is called every `_TURN_MS` at least by whoever waits for a picture."""
        self.tally = Tally()
        self.rate = Rate()
        """Of the pictures that came in lately, read or not."""
        self.skipped = 0
        """Pictures that a newer one replaced before they were asked for."""
        self.info: dict[str, Any] | None = None
        """The stream's latest information, as it came."""
        self.clock_port = 0
        """As it tells; 0 while it does not."""
        self.other_streams: frozenset[str] = frozenset()
        """Other streams whose information came."""
        self._socket, self._stream, self._topic = socket, stream, avatar_topic(stream)
        self._look = look
        self._wait_ms = -1
        """As long as the socket waits for a message."""
        self._chain = Chain()
        self._newest: Pictures | None = None
        self._failure: BaseException | None = None
        self._at_socket = threading.Lock()

    def newest(self, timeout: float) -> Pictures | None:
        """The newest picture not given before, behind those that it needs, waiting up to `timeout`
        seconds for one; None: none came. Raises what `fail` was told."""
        end_s = time.monotonic() + timeout
        with self._at_socket:
            if self._failure is not None:
                raise self._failure
            self._take_all()
            while self._newest is None:
                self._look()
                left_ms = round((end_s - time.monotonic()) * 1000)
                if left_ms <= 0:
                    return None
                self._wait(min(left_ms, _TURN_MS))
            pictures, self._newest = self._newest, None
            return pictures

    def relieve(self) -> bool:
        """Take in what is there, unless somebody waits for it. Whether nobody does."""
        if not self._at_socket.acquire(blocking=False):
            return False
        try:
            self._take_all()
        finally:
            self._at_socket.release()
        return True

    def fail(self, error: BaseException) -> None:
        """Nobody relieves any more, because of this."""
        self._failure = error

    def _wait(self, wait_ms: int) -> None:
        """Take in the next message, if one comes in time."""
        if wait_ms != self._wait_ms:
            self._socket.setsockopt(zmq.RCVTIMEO, wait_ms)
            self._wait_ms = wait_ms
        with suppress(zmq.Again):
            self._take(self._receive())

    def _take_all(self) -> None:
        for _ in range(QUEUED_MESSAGES):
            if not is_readable(self._socket):
                return
            self._take(self._receive())

    def _receive(self) -> list[bytes | memoryview]:
        # As recv_multipart does, which asks the socket after each part whether there is another.
        parts: list[bytes | memoryview] = []
        while True:
            part = self._socket.recv(copy=False)
            if not part.more:
                return [*parts, part.buffer]
            parts.append(part.bytes)

    def _take(self, parts: list[bytes | memoryview]) -> None:
        try:
            if parts[0][: len(_INFO)] == _INFO:
                self._take_info(*parse_info(parts))
                return
            packet = parse(parts)
        except WireError as error:
            self.tally.refuse(error.reason)
            return
        # ZeroMQ filters by prefix: "avatar/main" brings "avatar/main2" as well.
        if packet.topic != self._topic:
            return
        now_ns = time.monotonic_ns()
        self.tally.take(packet.header, now_ns)
        self.rate.tick(now_ns)
        pictures = self._chain.add(packet)
        if pictures is None:
            self.tally.without_key += 1
            return
        self.skipped += self._newest is not None
        self._newest = pictures

    def _take_info(self, stream: str, info: dict[str, Any]) -> None:
        if stream != self._stream:
            if len(self.other_streams) < MOST_OTHER_STREAMS:
                self.other_streams |= {stream}
            return
        self.info = info
        if "clock" in info:
            try:
                self.clock_port = parse_address(str(info["clock"])).port
            except AddressError as error:
                raise WireError("bad_info", f"the address of the clock: {error}") from error
