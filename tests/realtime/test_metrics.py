"""--metrics: health and figures over real HTTP, on this machine only."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from dataclasses import replace

import pytest

from realtime.errors import AddressError
from realtime.metrics import MetricsServer
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
