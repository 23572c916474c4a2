"""`Endless`: ends a client's connection over which comes a message without an end.

ZeroMQ hands a message over once its last part is there, and keeps those before it without a bound,
however small `MAXMSGSIZE` makes each. So whoever answers a client, or is in between, could fill its
memory, and nothing of that is seen here but the kernel's count of bytes, which only Linux tells.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Hashable

from realtime.peers import bytes_received, end

LOOK_S = 0.05
"""So often at most, and so often it should be."""


class Endless:
    """One thread follows the connection, any may look.

    It holds a copy of the connection, which is to be let go as soon as ZeroMQ lets go of its own:
    until then the other end does not hear that we left.
    """

    def __init__(self, port: int, most_bytes: int) -> None:
        """port: where the connection leads to. most_bytes: no whole message has more."""
        self._port, self._most_bytes = port, most_bytes
        self._connection: socket.socket | None = None
        self._progress: Hashable = None
        self._before = 0
        self._look_s = 0.0
        self._lock = threading.Lock()
        self.cut = 0
        """Connections that were ended."""

    def connected(self, descriptor: int) -> None:
        """This is the connection now; it has not brought a message yet."""
        with self._lock:
            self._let_go()
            self._before = 0
            with contextlib.suppress(OSError):
                self._connection = socket.fromfd(descriptor, socket.AF_INET, socket.SOCK_STREAM)
                if self._connection.getpeername()[1] == self._port:
                    return
            # The descriptor stands for something else by now.
            self._let_go()

    def disconnected(self) -> None:
        """There is none now."""
        with self._lock:
            self._let_go()

    def look(self, progress: Hashable) -> None:
        """Call it often, it looks now and then. `progress` is another one after each message."""
        now_s = time.monotonic()
        if now_s < self._look_s:
            return
        self._look_s = now_s + LOOK_S
        with self._lock, contextlib.suppress(OSError):
            if self._connection is None:
                return
            received = bytes_received(self._connection)
            if progress != self._progress:
                self._progress, self._before = progress, received
            elif received - self._before > self._most_bytes:
                end(self._connection)
                self._let_go()
                self.cut += 1

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
