"""`MetricsServer` of --metrics PORT: /metrics for Prometheus and /healthz, on this machine only.

/healthz answers 200 while new pictures go out as they should, else 503; its JSON says why not.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from realtime.errors import AddressError
from realtime.report import Snapshot

HOST = "127.0.0.1"
MOST_CONNECTIONS = 16
REQUEST_LIMIT_S = 2.0
"""For the whole of a request, however it trickles in."""
_QUANTILES = {"p50": "0.5", "p95": "0.95", "p99": "0.99"}
_STATES = ("opening", "live", "stalled", "frozen", "lost", "ended")


class MetricsServer:
    """Serves the figures of one run from `start` until `close`."""

    def __init__(self, port: int) -> None:
        """Listen; port 0 is any free one, see `url`. Raises `AddressError` when it cannot."""
        try:
            self._server = _Server((HOST, port), _Request)
        except OSError as error:
            raise AddressError(
                f"--metrics {port}: cannot listen there: {error.strerror}; choose another port"
            ) from error
        self.url = f"http://{HOST}:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="metrics", daemon=True
        )

    def start(self, snapshot: Callable[[], Snapshot]) -> None:
        """Answer from `snapshot`, which any thread may call."""
        self._server.snapshot = snapshot
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    """Any program of this machine can connect: a thread each is too much without a bound."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = MOST_CONNECTIONS
    snapshot: Callable[[], Snapshot]

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._due_s: dict[socket.socket, float] = {}
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if len(self._due_s) >= MOST_CONNECTIONS:
            self.shutdown_request(request)
            return
        self._due_s[request] = time.monotonic() + REQUEST_LIMIT_S
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._due_s.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Often, between two connections: end those that are overdue, which wakes their threads."""
        for connection, due_s in list(self._due_s.items()):
            if time.monotonic() > due_s:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Quiet about whoever hangs up early, and about threads there is no room for now: any
        program of this machine could fill the log with tracebacks."""
        error = sys.exception()
        if not isinstance(error, OSError) and "start new thread" not in str(error):
            super().handle_error(request, client_address)


class _Request(BaseHTTPRequestHandler):
    server: _Server
    timeout = REQUEST_LIMIT_S

    def do_GET(self) -> None:
        snapshot = self.server.snapshot()
        if self.path == "/metrics":
            text = "".join(f"{line}\n" for line in prometheus(snapshot))
            self._answer(200, "text/plain; version=0.0.4; charset=utf-8", text)
        elif self.path == "/healthz":
            healthy = snapshot.source_state == "live" and not snapshot.trouble
            told = {"healthy": healthy, "source": snapshot.source_state}
            text = json.dumps(told | {"trouble": list(snapshot.trouble)}) + "\n"
            self._answer(200 if healthy else 503, "application/json", text)
        else:
            self._answer(404, "text/plain; charset=utf-8", "there are /metrics and /healthz\n")

    def _answer(self, code: int, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet: a scraper comes every few seconds."""


def prometheus(snapshot: Snapshot) -> Iterator[str]:
    """The figures as lines of Prometheus' text format."""
    counters = {
        "frames_captured_total": snapshot.captured,
        "frames_published_total": snapshot.published,
        "messages_sent_total": snapshot.sent,
    }
    gauges = {
        "run_seconds": snapshot.duration_s,
        "fps_in": snapshot.fps_in,
        "fps_out": snapshot.fps_out,
        "subscribers": snapshot.subscribers,
        **process_figures(),
    }
    for kind, values in (("counter", counters), ("gauge", gauges)):
        for name, value in values.items():
            yield f"# TYPE avatar_{name} {kind}"
            yield f"avatar_{name} {value}"
    yield "# TYPE avatar_frames_dropped_total counter"
    for cause, count in snapshot.dropped.items():
        yield f'avatar_frames_dropped_total{{cause="{cause}"}} {count}'
    yield "# TYPE avatar_source_state gauge"
    for state in _STATES:
        yield f'avatar_source_state{{state="{state}"}} {int(state == snapshot.source_state)}'
    yield "# TYPE avatar_trouble gauge"
    for trouble in snapshot.trouble:
        yield f'avatar_trouble{{kind="{trouble}"}} 1'
    yield "# TYPE avatar_latency_seconds gauge"
    for stage, figures in snapshot.latency_ms.items():
        for key, quantile in _QUANTILES.items():
            if (ms := figures[key]) is not None:
                labels = f'stage="{stage}",quantile="{quantile}"'
                yield f"avatar_latency_seconds{{{labels}}} {ms / 1000:.6f}"


def process_figures(process: str | int = "self") -> dict[str, int]:
    """Memory in bytes, threads and descriptors of a process; empty where there is no /proc."""
    folder = Path(f"/proc/{process}")
    try:
        status = dict(
            line.split(":", 1)
            for line in (folder / "status").read_text().splitlines()
            if ":" in line
        )
        return {
            "process_resident_memory_bytes": int(status["VmRSS"].split()[0]) * 1024,
            "process_threads": int(status["Threads"]),
            "process_open_fds": sum(1 for _ in (folder / "fd").iterdir()),
        }
    except (OSError, KeyError):
        return {}
