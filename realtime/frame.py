"""`Frame`: one picture from a source, with the times that everything downstream is measured by."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""uint8[H, W, 3], RGB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One picture. The array is read-only: it is handed from thread to thread without a copy."""

    image: Image
    """uint8[H, W, 3] RGB, read-only."""
    seq: int
    """Counts up by one for every picture that the source gave, from 0."""
    capture_ns: int
    """time.monotonic_ns(), taken as early as the source allows."""
    capture_unix_us: int
    """The same moment on the machine's clock: microseconds since 1970."""
    pts_us: int
    """The source's own time since its start: a file's timestamp, else the capture time."""

    def __post_init__(self) -> None:
        self.image.flags.writeable = False


def unix_us() -> int:
    """Now, on the machine's clock, in microseconds since 1970."""
    return time.time_ns() // 1000
