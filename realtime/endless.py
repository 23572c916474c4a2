"""`Endless`: ends a client's connection over which comes a message without an end.

ZeroMQ hands a message over once its last part is there, and keeps those before it without a bound,
however small `MAXMSGSIZE` makes each. So whoever answers a client, or is in between, could fill its
memory, and nothing of that is seen here but the kernel's count of bytes, which only Linux tells.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Hashable

from realtime.peers import bytes_received, end

_LOOK_S = 0.05


class Endless:
    """For the thread that follows the connection."""

    def __init__(self, port: int, most_bytes: int) -> None:
        """port: where the connection leads to. most_bytes: no whole message has more."""
        self._port, self._most_bytes = port, most_bytes
        self._descriptor: int | None = None
        self._progress: Hashable = None
        self._before = 0
        self._look_s = 0.0
        self.cut = 0
        """Connections that were ended."""

    def connected(self, descriptor: int) -> None:
        """This is the connection now; it has not brought a message yet."""
        self._descriptor, self._before = descriptor, 0

    def look(self, progress: Hashable) -> None:
        """Call it often, it looks now and then. `progress` is another one after each message."""
        now_s = time.monotonic()
        if self._descriptor is None or now_s < self._look_s:
            return
        self._look_s = now_s + _LOOK_S
        # The descriptor may stand for something else by now, which then leads elsewhere.
        with (
            contextlib.suppress(OSError),
            socket.fromfd(self._descriptor, socket.AF_INET, socket.SOCK_STREAM) as connection,
        ):
            if connection.getpeername()[1] != self._port:
                return
            received = bytes_received(connection)
            if progress != self._progress:
                self._progress, self._before = progress, received
            elif received - self._before > self._most_bytes:
                end(connection)
                self._descriptor = None
                self.cut += 1
