"""A message without an end fills no client's memory: bare ZMTP from a publisher that is none."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator

import pytest
import zmq

from realtime.address import parse_address
from realtime.client import Client, connection
from realtime.clock import ClockClient
from realtime.wire import pack_message
from tests.end_to_end.break_in.network import GREETING, MORE_AND_EMPTY
from tests.realtime.broadcast import (
    PATIENCE_S,
    Broadcast,
    header,
    raw_publisher,
    wait_until,
)

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux counts the bytes of a connection"
)
MOST_PART_BYTES = 1 << 20
MUCH_BYTES = 512 << 20


def test_a_reader_that_is_busy_with_each_picture_does_not_pass_for_one_that_waits() -> None:
    """Who waits looks itself, and the client's thread seldom; who is busy looks at nothing."""
    told = []
    with Broadcast(period_s=0.02) as broadcast, Client(broadcast.address) as client:
        for _ in range(9):
            assert client.read(PATIENCE_S)
            told.append(client._intake.relieve())
    assert sum(told) > 4, "the thread itself may be at the socket, now and then"


class Impostor:
    """Greets each client as a `kind` of ZeroMQ's does, then sends parts and parts."""

    def __init__(self, kind: bytes, part: bytes) -> None:
        self._ready = b"\x04\x19\x05READY\x0bSocket-Type" + struct.pack(">I", len(kind)) + kind
        self._ready = b"\x04" + bytes([len(self._ready) - 2]) + self._ready[2:]
        self._part = part
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self.sent: list[int] = []
        """Over each connection that was ended; `MUCH_BYTES` or more: none was."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(PATIENCE_S)
        self._listener.close()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                with client:
                    self.sent.append(self._fill(client))

    def _fill(self, client: socket.socket) -> int:
        sent = 0
        with contextlib.suppress(OSError):
            client.settimeout(PATIENCE_S)
            client.sendall(GREETING)
            client.recv(len(GREETING), socket.MSG_WAITALL)
            client.sendall(self._ready)
            client.recv(64)
            while sent < MUCH_BYTES:
                client.sendall(self._part)
                sent += len(self._part)
        return sent


@pytest.fixture
def impostor(request: pytest.FixtureRequest) -> Iterator[Impostor]:
    found = Impostor(*request.param)
    yield found
    found.close()


PART = b"\x03" + struct.pack(">Q", 1 << 16) + bytes(1 << 16)  # a long one, with more to come


@pytest.mark.parametrize("impostor", [(b"PUB", PART)], indirect=True)
def test_a_picture_without_an_end_ends_the_connection(
    impostor: Impostor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_MOST_PART_BYTES", MOST_PART_BYTES)
    with Client(impostor.address) as client:
        wait_until(lambda: len(impostor.sent) >= 2)
        assert client.read(0) is None
    assert 0 < impostor.sent[0] < MUCH_BYTES


@pytest.mark.parametrize("impostor", [(b"ROUTER", MORE_AND_EMPTY * 5000)], indirect=True)
def test_an_answer_of_the_clock_without_an_end_ends_the_connection(impostor: Impostor) -> None:
    with zmq.Context() as context:
        clock = ClockClient(context, parse_address(impostor.address))
        until_s = time.monotonic() + PATIENCE_S
        while not impostor.sent and time.monotonic() < until_s:
            clock.step()
            time.sleep(0.01)
        clock.close()
    assert 0 < impostor.sent[0] < MUCH_BYTES


@pytest.mark.parametrize("impostor", [(b"PUB", b"\xff" * 64)], indirect=True)
def test_who_is_left_for_what_he_sends_hears_it(impostor: Impostor) -> None:
    with Client(impostor.address):
        wait_until(lambda: impostor.sent)  # no copy keeps the connection open
    assert impostor.sent[0] < MUCH_BYTES


def test_who_sends_much_in_whole_pictures_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_MOST_PART_BYTES", MOST_PART_BYTES)
    with raw_publisher() as publisher, Client(publisher.address) as client:
        publisher.wait_for_subscriber()
        for seq in range(1, 101):
            publisher.send(
                *map(bytes, pack_message("avatar/main", header(seq=seq), bytes(1 << 18)))
            )
            wait_until(lambda seq=seq: client.tally.received == seq)
        assert client._endless.cut == 0
        assert client.tally.lost == 0
