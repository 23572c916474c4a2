"""`Kept`: pictures on disk that are made once, one at a time, when they are first asked for.

    FOLDER/pictures.u8   uint8[N,size,size,3] RGB, with holes where none was made yet
    FOLDER/made.u8       uint8[N]: 1 where there is one

What `made` says is there was on disk before it said so: a run that is killed, or a machine that
loses its power, costs the pictures of the last seconds.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from train.data.pixels import Image
from train.errors import NotSaved

PICTURES, MADE = "pictures.u8", "made.u8"
FLUSH_S = 5.0
"""Seconds of work that a kill costs at most."""


class Kept:
    """For one process at a time. The folder may be deleted when nobody runs."""

    def __init__(self, folder: Path, count: int, size: int) -> None:
        """Take over what is there. Raises `NotSaved` if nothing can be written."""
        self._pictures, self._made_file = folder / PICTURES, folder / MADE
        self._count, self._shape = count, (size, size, 3)
        self._bytes = size * size * 3
        self._made = np.zeros(count, np.uint8)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._pictures.touch()
            if self._made_file.exists():
                found = np.fromfile(self._made_file, np.uint8)
                needed = self._bytes * (1 + int(np.flatnonzero(found).max(initial=-1)))
                if len(found) == count and self._pictures.stat().st_size >= needed:
                    self._made = found  # else somebody has been at the files: all are made again
        except OSError as error:
            raise self._not_kept(error) from error
        self._flushed = time.monotonic()

    def of(self, index: int, make: Callable[[], Image]) -> Image:
        """The picture of that number, uint8[size,size,3] RGB. Raises `NotSaved`."""
        at = index * self._bytes
        try:
            if self._made[index]:
                found = np.fromfile(self._pictures, np.uint8, self._bytes, offset=at)
                return found.reshape(self._shape)
            picture = make()
            with self._pictures.open("r+b") as file:
                file.seek(at)
                file.write(np.ascontiguousarray(picture).data)
            self._made[index] = 1
            if time.monotonic() - self._flushed > FLUSH_S:
                self.flush()
        except OSError as error:
            raise self._not_kept(error) from error
        return picture

    def flush(self) -> None:
        """Write down what was made. Raises OSError."""
        with self._pictures.open("r+b") as file:
            os.fsync(file.fileno())
        unfinished = self._made_file.with_suffix(".unfinished")
        self._made.tofile(unfinished)
        unfinished.replace(self._made_file)
        self._flushed = time.monotonic()

    def _not_kept(self, error: OSError) -> NotSaved:
        return NotSaved(
            f"the teacher's pictures cannot be kept in {self._pictures.parent}: {error.strerror}; "
            f"they take {self._bytes * self._count / 1e9:.2f} GB in all. Free some space and start "
            "the same command again, with --no-keep-pictures if there is none"
        )
