"""`DeviceCamera`: a V4L2 device for OpenCV's own driver code, by `v4l2_camera.c`."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import uuid
from pathlib import Path
from typing import Literal, Self

import pytest
import simplejpeg

from tests.pictures import clock_number, draw_number

Behaviour = Literal["good", "hangs", "silent", "frozen", "errors", "torn"]
SIZE_PX = (64, 64)
FPS = 30
_SOURCE = Path(__file__).with_name("v4l2_camera.c")
_DEVICES = Path("/dev/shm")  # noqa: S108  # where anybody may make what launch.py takes for a device


class DeviceCamera:
    """A context manager: plugged in from its start."""

    def __init__(self, folder: Path, *, jpeg: bool = False) -> None:
        """`jpeg`: as cameras do that are asked for much. Skips the test where it cannot be made."""
        if shutil.which("gcc") is None or not os.access(_DEVICES, os.W_OK):
            pytest.skip("no gcc, or no /dev/shm: apt-get install gcc libc6-dev")
        self.path = _DEVICES / f"camera-{uuid.uuid4().hex}"
        self._control, self._jpeg = folder / "control", folder / "newest.jpg"
        library = folder / "v4l2_camera.so"
        flags = ("-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC", "-o", str(library))
        subprocess.run(["gcc", *flags, str(_SOURCE), "-ldl", "-lpthread"], check=True)
        self.env = {
            "LD_PRELOAD": str(library),
            "V4L2_CAMERA": str(self.path),
            "V4L2_CONTROL": str(self._control),
        }
        self._over = threading.Event()
        self._drawing: threading.Thread | None = None
        if jpeg:
            self.env["V4L2_JPEG"] = str(self._jpeg)
            self._drawing = threading.Thread(target=self._draw)

    def __enter__(self) -> Self:
        self.behave("good")
        self.plug_in()
        if self._drawing is not None:
            self._drawing.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._drawing is not None:
            self._drawing.join()
        self.path.unlink(missing_ok=True)

    def behave(self, behaviour: Behaviour) -> None:
        """From the next picture on."""
        whole = self._control.with_suffix(".new")
        whole.write_text(behaviour[0])
        whole.replace(self._control)

    def plug_in(self) -> None:
        os.mkfifo(self.path)

    def unplug(self) -> None:
        self.path.unlink()

    def _draw(self) -> None:
        while not self._over.wait(1 / FPS):
            whole = self._jpeg.with_suffix(".new")
            picture = draw_number(clock_number() & ~1, SIZE_PX)
            whole.write_bytes(simplejpeg.encode_jpeg(picture, quality=95))
            whole.replace(self._jpeg)
