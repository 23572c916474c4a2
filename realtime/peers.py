"""`Peers`: who is connected to a listening socket, and the end of those who abuse it.

A peer has nothing to send but a few short messages, and ZeroMQ takes in whatever it sends: each
subscription is kept, and the parts of a message that never ends are kept without a bound and
without being seen here. So the number of connections is bounded, and a connection over which more
comes than anybody needs is cut. On Linux the bytes are the kernel's count, of what was never a
message too; elsewhere only messages that came are counted (`Publisher`).
"""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator

import zmq
from zmq.utils.monitor import recv_monitor_message

MOST_CONNECTIONS = 64
MOST_BYTES_PER_S = 1 << 16
"""Of one connection; a client sends some hundreds when it connects, and some tens a second then."""
HANDSHAKE_MS = 5000
_LOOK_S = 0.25

_READABLE = int(zmq.POLLIN)
_NO_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
_TCP_INFO = 11
_RECEIVED = struct.Struct("<128xQ")
"""Of Linux's struct tcp_info: tcpi_bytes_received."""


def is_readable(socket_: zmq.Socket[bytes]) -> bool:
    """Whether a message is there; asked for each frame, so without a poller."""
    return bool(int(socket_.getsockopt(zmq.EVENTS)) & _READABLE)


class Peers:
    """The connections of one bound socket. For the one thread that owns the socket."""

    def __init__(
        self,
        socket_: zmq.Socket[bytes],
        on_opened: Callable[[int], None] = lambda _: None,
        on_closed: Callable[[int], None] = lambda _: None,
        on_event: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Before the socket is bound. `on_opened` and `on_closed` get descriptors, in the order of
        what happened; `on_event` a sentence for people about the first peer of each kind that is
        cut."""
        socket_.setsockopt(zmq.HANDSHAKE_IVL, HANDSHAKE_MS)
        # A peer that lost its power or its network never says goodbye.
        socket_.setsockopt(zmq.TCP_KEEPALIVE, 1)
        socket_.setsockopt(zmq.TCP_KEEPALIVE_IDLE, 10)
        self.monitor = socket_.get_monitor_socket(zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED)
        self._on_opened, self._on_closed, self._on_event = on_opened, on_closed, on_event
        self._received: dict[int, int] = {}
        """Descriptor -> bytes as of the second that runs."""
        self._second = self._look_s = 0.0
        self._said: set[str] = set()
        self.port = 0
        """Of the bound socket; nobody is cut before it is set."""

    def follow(self) -> None:
        """Take in who came and who left since the last call. Never waits."""
        while is_readable(self.monitor):
            event = recv_monitor_message(self.monitor)
            descriptor = event["value"]
            if event["event"] == zmq.EVENT_DISCONNECTED:
                self._received.pop(descriptor, None)
                self._on_closed(descriptor)
                continue
            self._received[descriptor] = 0
            self._on_opened(descriptor)
            if len(self._received) > MOST_CONNECTIONS:
                self.cut(descriptor, f"more than {MOST_CONNECTIONS} connect")

    @property
    def is_time(self) -> bool:
        """To `look` again."""
        return time.monotonic() >= self._look_s

    def look(self) -> None:
        """Cut those that send too much; call it often, it looks now and then."""
        now_s = time.monotonic()
        if now_s < self._look_s:
            return
        self._look_s = now_s + _LOOK_S
        new_second = now_s - self._second >= 1
        if new_second:
            self._second = now_s
        for descriptor, before in self._received.items():
            received = self._bytes_received(descriptor)
            if received - before > MOST_BYTES_PER_S:
                self.cut(descriptor, f"one sends over {MOST_BYTES_PER_S} bytes a second")
            if new_second:
                self._received[descriptor] = received

    def cut(self, descriptor: int, why: str) -> None:
        """End a connection; ZeroMQ has no way to, so it finds it ended by the other end."""
        with contextlib.suppress(OSError), self._connection(descriptor) as connection:
            end(connection)
        if why not in self._said:
            self._said.add(why)
            self._on_event(f"port {self.port}: {why}: a connection was cut (said once)")

    def close(self) -> None:
        """Before the socket is closed."""
        self.monitor.close(0)

    def _bytes_received(self, descriptor: int) -> int:
        try:
            with self._connection(descriptor) as connection:
                return bytes_received(connection)
        except OSError:
            return 0  # it left, or this is no Linux

    @contextlib.contextmanager
    def _connection(self, descriptor: int) -> Iterator[socket.socket]:
        """A copy of the connection. Raises OSError if the descriptor stands for another by now."""
        with socket.fromfd(descriptor, socket.AF_INET, socket.SOCK_STREAM) as connection:
            if connection.getsockname()[1] != self.port:
                raise OSError("not a connection of this socket")
            yield connection


def bytes_received(connection: socket.socket) -> int:
    """All that came over it, by the kernel's count; 0 where that is not known. Raises OSError."""
    info = connection.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, 256)
    return int(_RECEIVED.unpack_from(info)[0]) if len(info) >= _RECEIVED.size else 0


def end(connection: socket.socket) -> None:
    """End it for both ends, at once. Raises OSError."""
    # Closing is then the end, for one too that reads or sends nothing more.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    connection.shutdown(socket.SHUT_RDWR)
