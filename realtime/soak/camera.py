"""`SoakCamera`: an HTTP MJPEG camera in a thread; it vanishes or falls silent on demand."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

import numpy as np
from simplejpeg import encode_jpeg  # type: ignore[attr-defined]  # it re-exports silently

from realtime.frame import Image

Behaviour = Literal["good", "silent", "half", "frozen", "large"]
"""What it sends: pictures, nothing, half pictures, one picture again and again, larger ones."""

_PICTURES = 32


class SoakCamera:
    """Pictures are drawn and encoded once, so that the camera costs next to nothing."""

    def __init__(self, fps: float, size_px: tuple[int, int] = (320, 240)) -> None:
        """Listen on a free port of this machine; see `url`."""
        self.behaviour: Behaviour = "good"
        self.fps = fps
        width, height = size_px
        self.pictures = [_encode(number, (width, height)) for number in range(_PICTURES)]
        self.large = [_encode(number, (2 * width, 2 * height)) for number in range(_PICTURES)]
        self._server: _Server | None = None
        self._port = 0
        self.plug_in()

    @property
    def url(self) -> str:
        """For --camera."""
        return f"http://127.0.0.1:{self._port}/video"

    def jpeg(self, number: int) -> bytes:
        """The `number`th picture, as it is behaving now."""
        pictures = self.large if self.behaviour == "large" else self.pictures
        jpeg = pictures[number % _PICTURES]
        return jpeg[: len(jpeg) // 2] if self.behaviour == "half" else jpeg

    def plug_in(self) -> None:
        """Listen; on the same port as before."""
        self._server = _Server(self, self._port)
        self._port = self._server.server_port
        threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="camera", daemon=True
        ).start()

    def unplug(self) -> None:
        """Cut every connection, and stop to listen."""
        if self._server is not None:
            self._server.ending.set()
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that server_close waits for the connections to end

    def __init__(self, camera: SoakCamera, port: int) -> None:
        self.camera, self.ending = camera, threading.Event()
        super().__init__(("127.0.0.1", port), _Connection)


class _Connection(BaseHTTPRequestHandler):
    server: _Server
    timeout = 2.0

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=edge")
        self.end_headers()
        try:
            self._stream(self.server.camera)
        except OSError:
            self.close_connection = True

    def _stream(self, camera: SoakCamera) -> None:
        due_s, number = time.monotonic(), 0
        while not self.server.ending.wait(max(0.0, due_s - time.monotonic())):
            due_s = max(due_s + 1 / camera.fps, time.monotonic())
            if camera.behaviour == "silent":
                continue
            number += camera.behaviour != "frozen"
            jpeg = camera.jpeg(number)
            head = b"\r\n--edge\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n"
            self.wfile.write(head % len(jpeg) + jpeg)

    def log_message(self, *_: object) -> None:
        """Quiet."""


def _encode(number: int, size_px: tuple[int, int]) -> bytes:
    """A JPEG of a grey slope with a bright disc that moves with `number`."""
    width, height = size_px
    rows, columns = np.mgrid[:height, :width]
    centre = width * (number + 0.5) / _PICTURES
    grey = 40 + 120 * columns // width
    grey[(columns - centre) ** 2 + (rows - height / 2) ** 2 < (height / 6) ** 2] = 230
    picture: Image = np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)
    return bytes(encode_jpeg(np.ascontiguousarray(picture), quality=85))
