"""A subscriber that speaks ZMTP, the protocol of ZeroMQ, over a bare TCP socket: no libzmq.

What NetMQ, JeroMQ and others do, by hand, so that nothing goes unseen that two libzmqs agree on
among themselves. https://rfc.zeromq.org/spec/23 is version 3.0, spec/37 is 3.1.
"""

from __future__ import annotations

import socket
import struct
from typing import Literal, Self

PATIENCE_S = 10.0
GREETING_BYTES = 64
MORE, LONG, COMMAND = 1, 2, 4
"""Flags of a frame."""


class BareClient:
    """One connection; a context manager. Blocking, with a timeout."""

    def __init__(self, address: str, *, minor: Literal[0, 1] = 0, buffer_bytes: int = 0) -> None:
        """Connect and shake hands as version 3.`minor`, with no security.

        buffer_bytes: how much the system may take in before it is read; 0 is as much as it likes.
        """
        host, port = address.removeprefix("tcp://").split(":")
        self._socket = socket.socket()
        if buffer_bytes:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        self._socket.settimeout(PATIENCE_S)
        self._socket.connect((host, int(port)))
        self._minor = minor
        mechanism = b"NULL".ljust(20, b"\0")
        as_server, filler = b"\0", bytes(31)
        signature = b"\xff" + bytes(8) + b"\x7f"
        version = bytes([3, minor])
        self._socket.sendall(signature + version + mechanism + as_server + filler)
        self.greeting = self._exactly(GREETING_BYTES)
        """The publisher's."""
        self._send(COMMAND, b"\x05READY" + _property(b"Socket-Type", b"SUB"))
        flags, self.ready = self.frame()
        assert flags == COMMAND, self.ready

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def subscribe(self, topic: bytes) -> None:
        """Version 3.0 sends a message, 1 and the topic; 3.1 a command."""
        if self._minor == 0:
            self._send(0, b"\x01" + topic)
        else:
            self._send(COMMAND, b"\x09SUBSCRIBE" + topic)

    def frame(self) -> tuple[int, bytes]:
        """The next frame: its flags and its body."""
        flags = self._exactly(1)[0]
        size = struct.unpack(">Q", self._exactly(8))[0] if flags & LONG else self._exactly(1)[0]
        return flags, self._exactly(size)

    def message(self) -> list[bytes]:
        """The parts of the next message."""
        parts = []
        while True:
            flags, body = self.frame()
            if flags & COMMAND:
                continue
            parts.append(body)
            if not flags & MORE:
                return parts

    def _send(self, flags: int, body: bytes) -> None:
        self._socket.sendall(bytes([flags, len(body)]) + body)

    def _exactly(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            more = self._socket.recv(size - len(data))
            assert more, "the publisher hung up"
            data += more
        return bytes(data)


def _property(name: bytes, value: bytes) -> bytes:
    return bytes([len(name)]) + name + struct.pack(">I", len(value)) + value
