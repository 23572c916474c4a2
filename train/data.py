"""Image folders as training reads them: decoded once into a memory-mapped uint8 array.

Order and crops depend on the seed and the step alone, so a resumed run sees what an uninterrupted
one would have seen, and no sampler state needs saving.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from calibration.opencv import cv2
from train.errors import BadData

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".webp"}


def list_images(folder: Path) -> list[Path]:
    """The images of a folder by name. Raises `BadData` if there are none."""
    if not folder.is_dir():
        raise BadData(f"{folder} is not a folder of images")
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)
    if not paths:
        raise BadData(f"{folder} holds no images ({', '.join(sorted(SUFFIXES))})")
    return paths


def read_image(path: Path, size: int) -> NDArray[np.uint8] | None:
    """uint8[size,size,3] RGB: the largest centred square, resized; None if it cannot be decoded."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        return None
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = image[top : top + side, left : left + side]
    if side != size:
        shrink = side > size
        square = cv2.resize(
            square, (size, size), interpolation=cv2.INTER_AREA if shrink else cv2.INTER_CUBIC
        )
    return np.asarray(cv2.cvtColor(square, cv2.COLOR_BGR2RGB), np.uint8)


class ImageSet:
    """One domain's images, uint8[N,size,size,3] RGB, memory-mapped from `cache`."""

    def __init__(self, folder: Path, size: int, cache: Path) -> None:
        """Decode `folder` once into `cache` (a folder), keyed by names, sizes and times.

        Files that cannot be decoded are left out and listed in `unreadable`.
        """
        paths = list_images(folder)
        key = hashlib.sha256(f"{size}".encode())
        for path in paths:
            stat = path.stat()
            key.update(f"{path.name}:{stat.st_size}:{stat.st_mtime_ns}".encode())
        shard = cache / f"{folder.name}-{size}-{key.hexdigest()[:12]}.npy"
        self.unreadable: list[str] = []
        if not shard.exists():
            self.unreadable = _decode(paths, size, shard)
        self.images: NDArray[np.uint8] = np.load(shard, mmap_mode="r")
        if len(self.images) < 2:
            raise BadData(f"{folder}: {len(self.images)} usable images; training needs at least 2")

    def __len__(self) -> int:
        return len(self.images)

    def batch(self, step: int, count: int, seed: int) -> Tensor:
        """Batch of `step`: float[count,3,size,size] in -1..1. Every image once in each pass."""
        first = step * count
        picks = [self._pick(k, seed) for k in range(first, first + count)]
        return to_float(np.stack([self.images[i] for i in picks]))

    def _pick(self, k: int, seed: int) -> int:
        """Index of the k-th image ever drawn: passes are shuffled, each by its own number."""
        turn, place = divmod(k, len(self.images))
        return int(_permutation(len(self.images), seed, turn)[place])


@lru_cache(maxsize=8)
def _permutation(count: int, seed: int, turn: int) -> NDArray[np.int64]:
    return np.random.default_rng([seed, turn]).permutation(count)


def _decode(paths: list[Path], size: int, shard: Path) -> list[str]:
    shard.parent.mkdir(parents=True, exist_ok=True)
    images, unreadable = [], []
    for path in paths:
        image = read_image(path, size)
        if image is None:
            unreadable.append(path.name)
        else:
            images.append(image)
    if not images:
        raise BadData(f"{paths[0].parent}: none of {len(paths)} images can be decoded")
    unfinished = shard.with_suffix(".tmp.npy")
    np.save(unfinished, np.stack(images))
    unfinished.replace(shard)
    return unreadable


def to_float(images: NDArray[np.uint8]) -> Tensor:
    """uint8[B,H,W,3] -> float[B,3,H,W] in -1..1."""
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous().float().div_(127.5).sub_(1)


def to_uint8(images: Tensor) -> NDArray[np.uint8]:
    """float[B,3,H,W] in -1..1 -> uint8[B,H,W,3], rounded as the exported model rounds."""
    levels = images.detach().add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
    return np.ascontiguousarray(levels.permute(0, 2, 3, 1).cpu().numpy())
