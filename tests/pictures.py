"""Pictures that carry a number, as blocks coarse enough to survive any codec, and clips of them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

COLUMNS, ROWS = 6, 4
"""One block per bit, the lowest first."""
DARK, BRIGHT = 16, 235

SIZE_PX = (96, 64)

TICK = Fraction(1, 90_000)


def draw_number(number: int, size_px: tuple[int, int] = SIZE_PX) -> NDArray[np.uint8]:
    """uint8[H, W, 3] of grey blocks: the lowest 24 bits of `number`."""
    width, height = size_px
    bits = number >> np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS) & 1
    rows = np.arange(height) * ROWS // height
    columns = np.arange(width) * COLUMNS // width
    levels = np.where(bits, BRIGHT, DARK).astype(np.uint8)[rows][:, columns]
    return np.repeat(levels[..., None], 3, axis=2)


def read_number(image: NDArray[np.uint8]) -> int:
    """The number in a picture that `draw_number` drew, whatever its size is now."""
    height, width, _ = image.shape
    rows = (np.arange(ROWS) * 2 + 1) * height // (2 * ROWS)
    columns = (np.arange(COLUMNS) * 2 + 1) * width // (2 * COLUMNS)
    bits = image[rows][:, columns].mean(axis=2).ravel() > (DARK + BRIGHT) / 2
    return int(bits @ (1 << np.arange(ROWS * COLUMNS)))


def clock_number() -> int:
    """Now, as a number to draw: milliseconds of the monotonic clock, the same in every process."""
    return time.monotonic_ns() // 1_000_000 & 0xFFFFFF


def age_ms(image: NDArray[np.uint8]) -> int:
    """How long ago a picture was drawn that carries a `clock_number`."""
    return (clock_number() - read_number(image)) & 0xFFFFFF


def write_clip(
    path: Path,
    pictures: Iterable[NDArray[np.uint8]],
    *,
    fps: int = 30,
    times_ms: Iterable[float] | None = None,
    turned_deg: int = 0,
    encoder: dict[str, str] | None = None,
    container: dict[str, str] | None = None,
) -> Path:
    """Write an H.264 file; `times_ms` are the pictures' times, by default an even 1/fps apart.

    encoder, container: FFmpeg's options for libx264 and for the file's format.
    """
    images = list(pictures)
    times = list(times_ms or (index * 1000 / fps for index in range(len(images))))
    height, width, _ = images[0].shape
    path.parent.mkdir(exist_ok=True)
    with av.open(f"file:{path}", "w", container_options=container or {}) as output:
        stream = output.add_stream("libx264", rate=fps, options=encoder or {})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = stream.time_base = TICK
        if turned_deg:
            stream.set_display_rotation(turned_deg)
        for image, time_ms in zip(images, times, strict=True):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = round(time_ms * 90), TICK
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path
