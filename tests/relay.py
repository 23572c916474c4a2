"""`Relay`: a machine between a client and a publisher, which keeps all that it passes on."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self

from realtime.address import parse_address


class Relay:
    """Passes on each TCP connection to `target`, both ways, until it is left."""

    def __init__(self, target: str) -> None:
        self._target = parse_address(target)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self.to_publisher, self.to_client = bytearray(), bytearray()
        """All that passed, of all connections."""
        self._threads = [threading.Thread(target=self._accept)]
        self._connections: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        # Closing a listener does not wake who waits in accept.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join()
        for connection in (*self._connections, self._listener):
            connection.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                publisher = socket.create_connection((self._target.host, self._target.port))
                self._connections += [client, publisher]
                for from_, to, kept in (
                    (client, publisher, self.to_publisher),
                    (publisher, client, self.to_client),
                ):
                    thread = threading.Thread(target=_pass_on, args=(from_, to, kept))
                    self._threads.append(thread)
                    thread.start()


def _pass_on(from_: socket.socket, to: socket.socket, kept: bytearray) -> None:
    with contextlib.suppress(OSError):
        while data := from_.recv(1 << 16):
            kept += data
            to.sendall(data)
    with contextlib.suppress(OSError):
        to.shutdown(socket.SHUT_WR)
