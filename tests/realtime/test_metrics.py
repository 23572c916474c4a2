"""--metrics: health and figures over real HTTP, on this machine only."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from realtime.errors import AddressError
from realtime.metrics import MOST_CONNECTIONS, REQUEST_LIMIT_S, MetricsServer
from tests.realtime.test_status import SNAPSHOT


def fetch(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_health_and_figures_are_served() -> None:
    now = [SNAPSHOT]
    server = MetricsServer(0)
    server.start(lambda: now[0])
    try:
        assert server.url.startswith("http://127.0.0.1:")
        code, told = fetch(f"{server.url}/healthz")
        assert (code, json.loads(told)["healthy"]) == (200, True)
        lines = fetch(f"{server.url}/metrics")[1].splitlines()
        assert "avatar_frames_captured_total 300" in lines
        assert 'avatar_frames_dropped_total{cause="infer_busy"} 2' in lines
        assert 'avatar_latency_seconds{stage="infer",quantile="0.5"} 0.001040' in lines
        now[0] = replace(SNAPSHOT, source_state="lost", trouble=("source_lost",))
        code, told = fetch(f"{server.url}/healthz")
        assert (code, json.loads(told)["trouble"]) == (503, ["source_lost"])
        assert fetch(f"{server.url}/etc/passwd")[0] == 404
    finally:
        server.close()


def test_a_port_that_is_taken_is_said_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        with pytest.raises(AddressError, match="choose another port"):
            MetricsServer(busy.getsockname()[1])


@pytest.fixture
def served() -> Iterator[MetricsServer]:
    server = MetricsServer(0)
    server.start(lambda: SNAPSHOT)
    yield server
    server.close()


def reach(server: MetricsServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0), 10)


def test_who_hangs_up_early_is_not_worth_a_word(
    served: MetricsServer, capfd: pytest.CaptureFixture[str]
) -> None:
    for _ in range(20):
        with reach(served) as connection:
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            at_once = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    assert fetch(f"{served.url}/healthz")[0] == 200
    assert capfd.readouterr().err == ""


def test_a_request_that_trickles_in_is_ended(served: MetricsServer) -> None:
    with reach(served) as connection:
        started_s = time.monotonic()
        connection.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
        with contextlib.suppress(OSError):
            while time.monotonic() - started_s < 20:
                connection.sendall(b"x")
                connection.settimeout(0.1)
                with contextlib.suppress(TimeoutError):
                    assert connection.recv(100) == b""
                    break
        assert REQUEST_LIMIT_S - 0.5 < time.monotonic() - started_s < 15


def test_no_more_than_so_many_are_taken_in_and_there_is_room_again(served: MetricsServer) -> None:
    threads = threading.active_count()
    with contextlib.ExitStack() as held:
        for _ in range(4 * MOST_CONNECTIONS):
            connection = held.enter_context(reach(served))
            with contextlib.suppress(OSError):
                connection.sendall(b"GET ")
        assert threading.active_count() - threads <= MOST_CONNECTIONS
    deadline_s = time.monotonic() + 20
    while threading.active_count() > threads and time.monotonic() < deadline_s:
        time.sleep(0.05)
    assert fetch(f"{served.url}/healthz")[0] == 200
