"""The cache: a source decoded once into one memory-mapped uint8 array, at one size.

    CACHE/NAME-SIZE-KEY/images.npy   uint8[N,size,size,3] RGB
    CACHE/NAME-SIZE-KEY/index.json   what was left out and why, and how large the pictures were

KEY stands for names, sizes and times of all files. A folder appears whole or not at all, and may be
deleted at any time. Processes that share a cache decode each source once.
"""

from __future__ import annotations

import io
import json
import os
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from train.data.decode import decode_all
from train.data.pixels import Image, Undecodable
from train.data.sources import Source
from train.data.views import Seen
from train.errors import BadData, TrainError

IMAGES, INDEX = "images.npy", "index.json"
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """A source at one size."""

    images: NDArray[np.uint8]
    """uint8[N,size,size,3] RGB, memory-mapped."""
    unreadable: dict[str, str]
    """Name -> reason, of what was left out."""
    sizes_px: dict[tuple[int, int], int]
    """Width and height of what was resized, see `views` -> how many pictures; the most frequent
    first."""
    key: str
    """Changes with the source's files."""


def decoded(source: Source, size: int, cache: Path) -> Decoded:
    """The source at size x size, from the cache if it is there. Raises `BadData` if nothing can be
    decoded; `TrainError` if the cache cannot be written."""
    key = source.identity()[:12]
    place = cache / f"{source.path.resolve().name}-{size}-{key}"
    found = _open(place, key)
    if found is not None:
        return found
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / ".lock"):
            if _open(place, key) is None:  # another process may have been faster
                _write(source, size, place)
    except OSError as error:
        raise TrainError(
            f"decoded images cannot be kept in {cache}: {error.strerror}; they take "
            f"{source.count() * size * size * 3 / 1e9:.2f} GB in all. Free some space, or choose "
            "another folder"
        ) from error
    found = _open(place, key)
    if found is None:
        raise TrainError(f"{place} was written and cannot be read back: delete it and try again")
    return found


def _open(place: Path, key: str) -> Decoded | None:
    """What is in the cache; None if it is not there, or damaged."""
    try:
        index = json.loads((place / INDEX).read_text())
        images = np.load(place / IMAGES, mmap_mode="r", allow_pickle=False)
        if index["format"] != FORMAT or len(images) != index["images"]:
            return None
        sizes_px = {(width, height): count for width, height, count in index["sizes_px"]}
        return Decoded(images=images, unreadable=index["unreadable"], sizes_px=sizes_px, key=key)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(source: Source, size: int, place: Path) -> None:
    unfinished = place.with_name(f".{place.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)  # of a process that was killed
    shutil.rmtree(place, ignore_errors=True)  # damaged, or of another format
    unfinished.mkdir()
    try:
        _fill(source, size, unfinished)
        unfinished.replace(place)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _fill(source: Source, size: int, folder: Path) -> None:
    """Append picture after picture: memory stays small, and a full disk is an error here, where a
    memory-mapped file would kill the process."""

    def both(image: Image, size_px: tuple[int, int]) -> Seen:
        return image, size_px

    unreadable: dict[str, str] = {}
    sizes_px: Counter[tuple[int, int]] = Counter()
    with (folder / IMAGES).open("wb") as file:
        file.write(_header(0, size))
        for name, result in decode_all(source, size, both, f"decoding {source.path.name}"):
            if isinstance(result, Undecodable):
                unreadable[name] = str(result)
                continue
            file.write(result[0].data)
            sizes_px[result[1]] += 1
        count = sizes_px.total()
        if not count:
            name, reason = next(iter(unreadable.items()), (source.path.name, "no frames"))
            raise BadData(
                f"{source.path}: none of {len(unreadable)} images can be decoded; "
                f"the first, {name}: {reason}"
            )
        file.seek(0)
        file.write(_header(count, size))
        file.flush()
        os.fsync(file.fileno())
    index = {
        "format": FORMAT,
        "images": count,
        "unreadable": unreadable,
        "sizes_px": [[*sides_px, number] for sides_px, number in sizes_px.most_common()],
    }
    (folder / INDEX).write_text(json.dumps(index, indent=2) + "\n")


def _header(count: int, size: int) -> bytes:
    """Of the .npy file; its length does not depend on `count`, for which NumPy leaves room."""
    out = io.BytesIO()
    shape = (count, size, size, 3)
    np.lib.format.write_array_header_1_0(
        out, {"descr": "|u1", "fortran_order": False, "shape": shape}
    )
    return out.getvalue()
