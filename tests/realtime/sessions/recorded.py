"""Sessions of a few pictures for the tests, written by the real writer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from realtime.frame import Frame, Image
from realtime.sessions.format import Camera
from realtime.sessions.writer import SessionWriter, make_folder

START_NS = 5_000_000_000
START_UNIX_US = 1_800_000_000_000_000
CAMERA = Camera(source="a test", asked={}, settings={}, fps=30.0, notes=())


def noise(count: int, size_px: tuple[int, int] = (64, 48)) -> list[Image]:
    """uint8[H, W, 3] that no codec finds easy."""
    width, height = size_px
    random = np.random.default_rng(width * height)
    return list(random.integers(0, 256, (count, height, width, 3), np.uint8))


def frame(image: Image, seq: int, *, capture_ns: int | None = None, jump_us: int = 0) -> Frame:
    """30 a second, unless a time is given; `jump_us` is added to the machine's clock."""
    since_ns = seq * 33_333_333
    return Frame(
        image=image,
        seq=seq,
        capture_ns=START_NS + since_ns if capture_ns is None else capture_ns,
        capture_unix_us=START_UNIX_US + since_ns // 1000 + jump_us,
        pts_us=since_ns // 1000,
    )


def open_writer(folder: Path, image: Image) -> SessionWriter:
    make_folder(folder)
    height, width, _ = image.shape
    return SessionWriter(folder, (width, height), CAMERA, None, None)


def record(folder: Path, frames: Sequence[Frame], *, close: bool = True) -> SessionWriter:
    """A session of these; without `close` it is as a killed recorder leaves it."""
    writer = open_writer(folder, frames[0].image)
    for item in frames:
        writer.write(item, 0)
    if close:
        writer.close("the test ended", {})
    return writer
