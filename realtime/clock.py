"""Clock offset between a client and the publisher, by ping, so that ages mean something.

    ping  client -> server, 12 bytes    pong  server -> client, 28 bytes    little-endian
     0  4  magic AVK1                    0  4  magic AVK1
     4  8  client_send_us                4  8  client_send_us, as it came
                                        12  8  server_receive_us
                                        20  8  server_send_us

All are unsigned microseconds since 1970, each on its own machine's clock. One ping is one ZeroMQ
message to a ROUTER socket, from a DEALER (the ping alone) or a REQ socket (an empty part before
it). The server ignores whatever is no ping. Its address is "clock" in the stream's information;
a client takes the port from there and the host from the address that it already uses.

With t0 the client's send time, t1 and t2 the server's receive and send time, t3 the client's
receive time: round trip = (t3 - t0) - (t2 - t1), offset = ((t1 - t0) + (t2 - t3)) / 2. Delays only
ever add to a round trip, so of the last pings the one with the shortest is the truest; its offset
is wrong by half its round trip at most.
"""

from __future__ import annotations

import contextlib
import struct
import threading
import time
from collections import deque

import zmq
from zmq.utils.monitor import recv_monitor_message

from realtime.address import Address, bind_socket, parse_address
from realtime.endless import Endless
from realtime.errors import AddressError, RealtimeError
from realtime.frame import unix_us
from realtime.keys import ClientKey, KeyFolder
from realtime.keys.sockets import LEAST_MESSAGE_BYTES, Guard, encrypt
from realtime.peers import Peers, is_readable

MAGIC = b"AVK1"
STEP_US = 20_000
"""Clocks do not drift apart by this much while a sample is in use."""
MOST_UNFINISHED_BYTES = 1 << 16
"""Of answers; one has 28, and some more when it is encrypted."""
_TURN_MS = 500
_PING = struct.Struct("<4sQ")
_PONG = struct.Struct("<4sQQQ")


def answer(ping: bytes, receive_us: int, send_us: int) -> bytes | None:
    """The pong to a ping; None if it is none."""
    if len(ping) != _PING.size or not ping.startswith(MAGIC):
        return None
    _, client_us = _PING.unpack(ping)
    return _PONG.pack(MAGIC, client_us, receive_us, send_us)


class ClockServer(threading.Thread):
    """Answers pings on a thread of its own until `close`."""

    def __init__(self, publisher_address: str, keys: KeyFolder | None = None) -> None:
        """Listen beside the publisher: on the next port if that is free, else on any other.

        keys: as the publisher's. Raises `AddressError` when no port of that host can be had,
        `UsageError` for keys that cannot be used.
        """
        super().__init__(name="clock", daemon=True)
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.ROUTER)
        self._socket.setsockopt(zmq.MAXMSGSIZE, LEAST_MESSAGE_BYTES if keys else 64)
        self._socket.setsockopt(zmq.RCVHWM, 64)
        self._socket.setsockopt(zmq.SNDHWM, 8)
        self._stopping = threading.Event()
        self._peers = Peers(self._socket)
        self._guard: Guard | None = None
        beside = parse_address(publisher_address)
        try:
            if keys is not None:
                self._guard = Guard(self._context, keys, lambda _: None)
                self._guard.protect(self._socket)
            try:
                bound = bind_socket(self._socket, beside._replace(port=beside.port + 1))
            except AddressError:
                bound = bind_socket(self._socket, beside._replace(port=0))
        except RealtimeError:
            self.close()
            raise
        self.address, self._peers.port = str(bound), bound.port

    def run(self) -> None:
        while not self._stopping.is_set():
            self._peers.follow()
            self._peers.look()
            if not self._socket.poll(_TURN_MS):
                continue
            parts = self._socket.recv_multipart()
            receive_us = unix_us()
            pong = answer(parts[-1], receive_us, unix_us())
            if pong is not None and len(parts) <= 3:
                self._socket.send_multipart([*parts[:-1], pong])

    def close(self) -> None:
        """Stop answering, and wait until the thread has ended."""
        self._stopping.set()
        if self.is_alive():
            self.join()
        if self._guard is not None:
            self._guard.close()
        self._context.destroy(linger=0)


class OffsetFilter:
    """The offset of a server's clock, from the best of the last `window` pings. No I/O.

    One thread pings and takes, any thread may read the offset.
    """

    def __init__(self, window: int = 32) -> None:
        self._samples: deque[tuple[int, int]] = deque(maxlen=window)
        self._sent_us: int | None = None
        self.round_trip_us: int | None = None
        """The shortest round trip: the offset is wrong by half of it at most."""
        self.offset_us: int | None = None
        """Server's clock minus client's clock; None before the first answer."""

    def ping(self, now_us: int) -> bytes:
        """The bytes to send now. An answer to an earlier ping no longer counts."""
        self._sent_us = now_us
        return _PING.pack(MAGIC, now_us)

    def take(self, pong: bytes, now_us: int) -> bool:
        """Use an answer that came now. False, and nothing done: it does not answer the ping."""
        if len(pong) != _PONG.size or self._sent_us is None:
            return False
        magic, client_us, receive_us, send_us = _PONG.unpack(pong)
        round_trip_us = (now_us - client_us) - (send_us - receive_us)
        if magic != MAGIC or client_us != self._sent_us or round_trip_us < 0:
            return False
        self._sent_us = None
        offset_us = ((receive_us - client_us) + (send_us - now_us)) // 2
        if self._stepped(round_trip_us, offset_us):
            self._samples.clear()
        self._samples.append((round_trip_us, offset_us))
        self.round_trip_us, self.offset_us = min(self._samples)
        return True

    def _stepped(self, round_trip_us: int, offset_us: int) -> bool:
        """Whether this and the best sample cannot both be true: somebody set one of the clocks."""
        if self.offset_us is None or self.round_trip_us is None:
            return False
        room_us = (round_trip_us + self.round_trip_us) // 2 + STEP_US
        return abs(offset_us - self.offset_us) > room_us


class ClockClient:
    """Pings one server; belongs to a thread that polls its `socket` and calls `step` often.

    Until the first answers are in, the next ping follows at once; then one a second keeps up with
    the drift of the clocks.
    """

    EAGER_ANSWERS = 8
    INTERVAL_NS = 1_000_000_000

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        address: Address,
        key: ClientKey | None = None,
    ) -> None:
        """Start to connect, encrypted with a `key`; whether anybody is there is in `offset_us`."""
        self.address = address
        self.socket = context.socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.SNDHWM, 1)
        self.socket.setsockopt(zmq.MAXMSGSIZE, LEAST_MESSAGE_BYTES if key else 64)
        if key is not None:
            encrypt(self.socket, key)
        self.socket.setsockopt(zmq.IPV6, address.host.startswith("["))
        self._monitor = self.socket.get_monitor_socket(zmq.EVENT_CONNECTED | zmq.EVENT_DISCONNECTED)
        self._endless = Endless(address.port, MOST_UNFINISHED_BYTES)
        self.socket.connect(str(address))
        self._filter = OffsetFilter()
        self.answers = 0
        """Pings answered so far."""
        self._came = 0
        self._due_ns = 0

    @property
    def offset_us(self) -> int | None:
        """The server's clock minus this machine's; None as long as no ping was answered."""
        return self._filter.offset_us

    @property
    def round_trip_us(self) -> int | None:
        """The shortest round trip lately; None likewise."""
        return self._filter.round_trip_us

    def step(self) -> None:
        """Take the answers that are there and send a ping if one is due; never waits."""
        now_ns = time.monotonic_ns()
        while is_readable(self._monitor):
            told = recv_monitor_message(self._monitor)
            if told["event"] == zmq.EVENT_CONNECTED:
                self._endless.connected(told["value"])
            else:
                self._endless.disconnected()
        self.look()
        while is_readable(self.socket):
            self._came += 1
            if self._filter.take(self.socket.recv_multipart()[-1], unix_us()):
                self.answers += 1
                if self.answers < self.EAGER_ANSWERS:
                    self._due_ns = now_ns
        if now_ns >= self._due_ns:
            self._due_ns = now_ns + self.INTERVAL_NS
            with contextlib.suppress(zmq.Again):  # nobody there yet: an old ping is in the way
                self.socket.send(self._filter.ping(unix_us()), zmq.NOBLOCK)

    def look(self) -> None:
        """See that the connection brings no message without an end; any thread may."""
        self._endless.look(self._came)

    def close(self) -> None:
        self.socket.disable_monitor()
        self._monitor.close(0)
        self.socket.close(0)
        self._endless.disconnected()
