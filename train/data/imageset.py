"""`ImageSet`: one domain as a training step asks for it.

Order and crops depend on the seed and the step alone, so a resumed run sees what an uninterrupted
one would have seen, and no sampler state needs saving.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from calibration.profile import CameraProfile
from train.data.cache import Decoded, decoded
from train.data.pixels import to_float
from train.data.sources import open_source
from train.errors import BadData

_CROP = 1
"""Keeps the draws of crops apart from those of the order."""


class ImageSet:
    """One domain's images, uint8[N,size,size,3] RGB, memory-mapped from `cache`."""

    def __init__(
        self,
        folder: Path,
        size: int,
        cache: Path,
        jitter_px: int = 0,
        profile: CameraProfile | None = None,
    ) -> None:
        """Decode `folder` (or a video, or sessions) once into `cache`, a folder.

        jitter_px: images are decoded that much larger than `size`, and each batch takes a crop at a
        random place. profile: see `open_source`. Files that cannot be decoded are left out and
        listed in `unreadable`. Raises `BadData`.
        """
        if size < 4 or size % 4:
            raise BadData(f"image size must be a multiple of 4, got {size}")
        if jitter_px < 0:
            raise BadData(f"jitter must be 0 or more pixels, got {jitter_px}")
        source = open_source(folder, profile)
        kept = decoded(source, size + jitter_px, cache)
        if len(kept.images) < 2:
            raise BadData(
                f"{folder}: {len(kept.images)} usable images; training needs at least 2"
                + _left_out(kept.unreadable)
            )
        self.key = kept.key
        """Another one: the source's files have changed."""
        self.unreadable = list(kept.unreadable)
        files = () if source.videos else source.files
        self.names = tuple(file.name for file in files if file.name not in kept.unreadable)
        """Of the images, file names; none of a video."""
        self.notes = [*_notes(kept, size), *_views(source.sessions())]
        """What a user should know, a line each."""
        self._size, self._jitter_px, self._stored = size, jitter_px, kept.images
        self.images = _crop(kept.images, size, jitter_px // 2, jitter_px // 2)
        """uint8[N,size,size,3]: without jitter, the middle of each."""

    def __len__(self) -> int:
        return len(self._stored)

    def batch(self, step: int, count: int, seed: int) -> Tensor:
        """Batch of `step`: float[count,3,size,size] in -1..1. Every image once in each pass."""
        first = step * count
        return to_float(np.stack([self._draw(k, seed) for k in range(first, first + count)]))

    def picks(self, step: int, count: int, seed: int) -> list[int]:
        """Which images `batch` is of, as places in `images`."""
        first = step * count
        return [self._pick(k, seed) for k in range(first, first + count)]

    def _draw(self, k: int, seed: int) -> NDArray[np.uint8]:
        """The k-th image ever drawn."""
        index = self._pick(k, seed)
        if not self._jitter_px:
            return np.asarray(self._stored[index])
        top, left = np.random.default_rng([seed, k, _CROP]).integers(self._jitter_px + 1, size=2)
        return _crop(self._stored[index], self._size, top, left)

    def _pick(self, k: int, seed: int) -> int:
        """Its place: passes are shuffled, each by its own number."""
        turn, place = divmod(k, len(self))
        return int(_permutation(len(self), seed, turn)[place])


def _crop(images: NDArray[np.uint8], size: int, top: int, left: int) -> NDArray[np.uint8]:
    """uint8[...,H,W,3] -> uint8[...,size,size,3], a view."""
    return images[..., top : top + size, left : left + size, :]


@lru_cache(maxsize=8)
def _permutation(count: int, seed: int, turn: int) -> NDArray[np.int64]:
    return np.random.default_rng([seed, turn]).permutation(count)


def _notes(kept: Decoded, size: int) -> list[str]:
    notes = []
    if kept.unreadable:
        notes.append(f"left out {len(kept.unreadable)} unreadable{_left_out(kept.unreadable)}")
    if len(kept.sizes_px) > 1:
        sizes = [f"{count} of {width}x{height}" for (width, height), count in kept.sizes_px.items()]
        notes.append(f"{len(sizes)} sizes: {_few(sizes)}")
    if cropped := sum(n for (width, height), n in kept.sizes_px.items() if width != height):
        notes.append(f"{cropped} not square: their largest centred square is used")
    if enlarged := sum(n for sides_px, n in kept.sizes_px.items() if min(sides_px) < size):
        notes.append(f"{enlarged} smaller than {size} pixels: enlarged, so they are blurred")
    return notes


def _views(sessions: dict[str, CameraProfile | None]) -> list[str]:
    """By what recorded sessions are seen."""
    by = [name for name, profile in sessions.items() if profile is not None]
    without = [name for name, profile in sessions.items() if profile is None]
    notes = []
    if by:
        notes.append(f"seen by a camera profile, as the live model sees: {_few(by)}")
    if without:
        notes.append(
            f"recorded without a camera profile, so the centred square is used: {_few(without)}; "
            "--profile gives one"
        )
    return notes


def _left_out(unreadable: dict[str, str]) -> str:
    if not unreadable:
        return ""
    return ": " + _few([f"{name} ({reason})" for name, reason in unreadable.items()])


def _few(items: list[str], most: int = 3) -> str:
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(items[:most]) + more
