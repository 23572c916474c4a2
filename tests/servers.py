"""Real cameras of the network, for tests: an HTTP MJPEG server and an RTSP server.

Both draw the time into their pictures (`tests.pictures.clock_number`), both can be killed and
started again on the same port, and both can go silent while the connection stays open.

    with MjpegServer() as server:
        source = open_source(server.url)

The RTSP server is GStreamer's; where it is missing, `RtspServer()` skips the test with the reason.
"""

from __future__ import annotations

import base64
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal, Self

import pytest
import simplejpeg

from tests.pictures import clock_number, draw_number

RTSP_PACKAGES = (
    "gir1.2-gst-rtsp-server-1.0",
    "gstreamer1.0-plugins-base",
    "gstreamer1.0-plugins-good",
    "gstreamer1.0-plugins-ugly",
    "python3-gi",
)
"""The Debian packages that the RTSP server needs; `.ci/run` installs them."""

SYSTEM_PYTHON = Path("/usr/bin/python3")
"""The one that Debian's packages belong to."""

Style = Literal["plain", "no length", "no type", "late boundary", "dashes", "bare newlines"]
"""What cameras make of multipart/x-mixed-replace.

plain: as the standard has it; no length: without Content-Length; no type: without Content-Type;
late boundary: each after its picture, none before the first (ESP32 firmware); dashes: the boundary
is announced with the dashes that belong before it; bare newlines: LF where CRLF should be.
"""


class MjpegServer:
    """An HTTP camera at `url`. The server runs from `start` to `kill`, as often as wanted."""

    def __init__(
        self,
        *,
        size_px: tuple[int, int] = (96, 64),
        fps: float = 30.0,
        style: Style = "plain",
        login: tuple[str, str] | None = None,
    ) -> None:
        """`login`: the user and password without which it answers 401."""
        self.size_px, self.fps, self.style, self.login = size_px, fps, style, login
        self.silent = False
        self.port = 0
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/video"

    def start(self) -> None:
        self._server = _Server(self, self.port)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def silence(self) -> None:
        """Stop sending, with the connections left open."""
        self.silent = True

    def kill(self) -> None:
        """Cut all connections, stop listening; `start` takes the same port again."""
        if self._server is not None and self._thread is not None:
            self._server.ending.set()
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, camera: MjpegServer, port: int) -> None:
        self.camera = camera
        self.ending = threading.Event()
        super().__init__(("127.0.0.1", port), _Connection)


class _Connection(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        camera = self.server.camera
        if camera.login is not None:
            token = base64.b64encode(":".join(camera.login).encode()).decode()
            if self.headers["Authorization"] != f"Basic {token}":
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="camera"')
                self.end_headers()
                return
        if self.path != "/video":
            self.send_error(404)
            return
        self.send_response(200)
        boundary = "--edge" if camera.style == "dashes" else "edge"
        self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={boundary}")
        self.end_headers()
        try:
            self._stream(camera)
        except OSError:
            self.close_connection = True

    def _stream(self, camera: MjpegServer) -> None:
        due_s = time.monotonic()
        while not self.server.ending.wait(max(0.0, due_s - time.monotonic())):
            due_s += 1 / camera.fps
            if not camera.silent:
                picture = draw_number(clock_number(), camera.size_px)
                self.wfile.write(_part(simplejpeg.encode_jpeg(picture, quality=90), camera.style))

    def log_message(self, *_: object) -> None:
        pass


def _part(jpeg: bytes, style: Style) -> bytes:
    boundary = b"\r\n--edge\r\n"
    headers = b""
    if style != "no type":
        headers += b"Content-Type: image/jpeg\r\n"
    if style != "no length":
        headers += b"Content-Length: %d\r\n" % len(jpeg)
    if style == "bare newlines":
        boundary, headers = boundary.replace(b"\r", b""), headers.replace(b"\r", b"")
        return boundary + headers + b"\n" + jpeg
    if style == "late boundary":
        return headers + b"\r\n" + jpeg + boundary
    return boundary + headers + b"\r\n" + jpeg


class RtspServer:
    """An RTSP camera (H.264) at `url`, in a process of its own; skips the test where it cannot be.

    The process runs from `start` to `kill`, as often as wanted.
    """

    def __init__(
        self,
        *,
        size_px: tuple[int, int] = (96, 64),
        fps: int = 30,
        login: tuple[str, str] | None = None,
    ) -> None:
        """`size_px`: the width a multiple of 4. `login`: the user and password that it demands."""
        if not sys.platform.startswith("linux") or not SYSTEM_PYTHON.exists():
            pytest.skip(f"the RTSP server of the tests runs on {SYSTEM_PYTHON}, on Debian")
        self.size_px, self.fps, self.login = size_px, fps, login
        self.port = 0
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/live"

    def start(self) -> None:
        script = Path(__file__).with_name("rtsp_server.py")
        numbers = map(str, (self.port, *self.size_px, self.fps))
        self._process = subprocess.Popen(
            [SYSTEM_PYTHON, script, *numbers, *(self.login or ())],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        answer = self._process.stdout.readline().split()
        if answer[:1] != ["ready"]:
            _, complaint = self._process.communicate()
            self._process = None
            pytest.skip(
                f"no RTSP server: {complaint.strip().splitlines()[-1]}; "
                f"apt-get install {' '.join(RTSP_PACKAGES)}"
            )
        self.port = int(answer[1])

    def silence(self) -> None:
        """Stop sending, with the connections left open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
