"""Peers of a publisher: subscribers of today and of old, and one that can send anything."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable

import zmq

from realtime.publisher import Publisher
from realtime.wire import Codec, Header

PATIENCE_S = 10.0
Subscribe = Callable[..., zmq.Socket[bytes]]
HEADER = Header(codec=Codec.RAW, capture_us=1, pts_us=2, width=1, height=1, infer_us=3)
PIXEL = b"rgb"


class RawPeer:
    """A peer that speaks the protocol of ZeroMQ by hand, and so can send what no socket would."""

    def __init__(self, publisher: Publisher) -> None:
        host, port = publisher.address.removeprefix("tcp://").split(":")
        self._socket = socket.create_connection((host, int(port)), PATIENCE_S)
        greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
        self._socket.sendall(greeting)
        self._receive(64)
        ready = b"\x05READY\x0bSocket-Type" + struct.pack(">I", 3) + b"SUB"
        self._socket.sendall(bytes([4, len(ready)]) + ready)
        self._receive(self._receive(2)[1])

    def _receive(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            data += self._socket.recv(count - len(data))
        return data

    def send(self, message: bytes) -> None:
        self._socket.sendall(b"\x02" + struct.pack(">Q", len(message)) + message)

    def is_disconnected(self) -> bool:
        try:
            return self._socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        self._socket.close()


class OldPeer:
    """A subscriber that speaks ZMTP 2.0, as libzmq 3.2 does."""

    def __init__(self, publisher: Publisher) -> None:
        host, port = publisher.address.removeprefix("tcp://").split(":")
        self._socket = socket.create_connection((host, int(port)), PATIENCE_S)
        signature = b"\xff" + (1).to_bytes(8, "big") + b"\x7f"
        self._socket.sendall(signature + b"\x01\x02" + b"\0\0")  # revision, SUB, no name
        self._stream = self._socket.makefile("rb")
        self._stream.read(10 + 2)  # the publisher's signature, revision and type
        assert self._frame() == b""  # its name

    def subscribe(self, topic: bytes) -> None:
        self._socket.sendall(bytes([0, 1 + len(topic)]) + b"\1" + topic)

    def receive(self) -> list[bytes]:
        return [self._frame() for _ in range(3)]

    def _frame(self) -> bytes:
        _, size = self._stream.read(2)
        return self._stream.read(size)

    def close(self) -> None:
        self._stream.close()
        self._socket.close()


def settle(publisher: Publisher, subscribers: int) -> None:
    """Poll until the publisher counts so many subscribers."""
    deadline_s = time.monotonic() + PATIENCE_S
    while publisher.subscribers != subscribers:
        assert time.monotonic() < deadline_s, publisher.subscribers
        publisher.poll(20)


def wait_for_newcomer(publisher: Publisher) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not publisher.poll(20):
        assert time.monotonic() < deadline_s
