"""`SteadyCamera`: pictures on a fixed timetable, each with its number drawn into it.

A picture counts as taken when it was due, not when somebody came to read it: a reader that is late
makes the picture older, as with a real camera. The number lets a client of any protocol tell which
picture it got, even where the protocol carries nothing but pixels.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import islice

import numpy as np

from calibration.profile import CameraProfile
from calibration.view_map import ViewMap
from realtime.frame import Frame, Image, unix_us
from realtime.sources import open_source
from realtime.sources.contract import Setting

BITS = 16
DARK, BRIGHT = 16, 235
_STRIP = 16
"""The strip with the number takes this part of the picture's height."""
_PICTURES = 30
_READY_US = 1500
"""A picture is drawn so long before it is due: a real camera takes no time of the interpreter while
the picture before is on its way."""


def demo_pictures(size_px: tuple[int, int], count: int = _PICTURES) -> list[Image]:
    """The first pictures of the demo clip, uint8[h, w, 3] RGB of `size_px` (width, height)."""
    to_size = ViewMap(CameraProfile(camera="bench"), size_px)
    source = open_source("demo")
    try:
        return [to_size(frame.image)[0].copy() for frame in islice(iter(source.read, None), count)]
    finally:
        source.close()


def write_number(image: Image, number: int) -> None:
    """Draw the lowest 16 bits of `number` over the top of uint8[H, W, 3], one block a bit."""
    height, width, _ = image.shape
    bits = number >> np.arange(BITS) & 1
    row = np.where(bits, BRIGHT, DARK).astype(np.uint8)[np.arange(width) * BITS // width]
    image[: height // _STRIP] = row[:, None]


def read_number(image: Image) -> int:
    """What `write_number` drew, after any codec."""
    height, width, _ = image.shape
    middles = (np.arange(BITS) * 2 + 1) * width // (2 * BITS)
    levels = image[: height // _STRIP, middles].mean(axis=(0, 2))
    return int((levels > (DARK + BRIGHT) / 2) @ (1 << np.arange(BITS)))


class SteadyCamera:
    """See `realtime.sources.Source`. Without a rate it gives pictures as fast as they are read."""

    name = "bench"
    notes: tuple[str, ...] = ()

    def __init__(self, pictures: list[Image], rate_fps: float | None, epoch_us: int) -> None:
        """Picture n is taken n / rate_fps after `epoch_us` (microseconds since 1970)."""
        self.live, self.fps = rate_fps is not None, rate_fps
        self.settings: Mapping[str, Setting] = {}
        self._pictures, self._epoch_us = pictures, epoch_us
        self._number = self._given = -1

    def read(self) -> Frame:
        """The next picture, waiting until it is due; or the newest, if that is due already."""
        due_us = self._next_us()
        _sleep_until(due_us - _READY_US)
        image = self._pictures[self._number % len(self._pictures)].copy()
        write_number(image, self._number)
        _sleep_until(due_us)
        now_us, now_ns = unix_us(), time.monotonic_ns()
        return Frame(
            image=image,
            seq=self._given,
            capture_ns=now_ns - (now_us - due_us) * 1000,
            capture_unix_us=due_us,
            pts_us=due_us - self._epoch_us,
        )

    def close(self) -> None:
        """Nothing is held."""

    def _next_us(self) -> int:
        """Go on to the next picture; when it is due."""
        self._given += 1
        self._number += 1
        now_us = unix_us()
        if self.fps is None:
            return now_us
        self._number = max(self._number, int((now_us - self._epoch_us) * self.fps / 1e6))
        return taken_us(self._number, self.fps, self._epoch_us)


def _sleep_until(us: int) -> None:
    time.sleep(max(0, us - unix_us()) / 1e6)


def taken_us(number: int, rate_fps: float, epoch_us: int) -> int:
    """When picture `number` is taken: microseconds since 1970."""
    return epoch_us + round(number * 1e6 / rate_fps)
