"""Pictures with enough in them to tell one from another, and what can happen to them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.opencv import cv2

Image = NDArray[np.uint8]


def scene(seed: int, size: int = 96) -> Image:
    """Random discs on a smooth ground, uint8[size,size,3] RGB; the same seed, the same picture."""
    rng = np.random.default_rng(seed)
    ground = rng.integers(60, 180, (3, 3, 3), dtype=np.uint8)
    image = np.asarray(cv2.resize(ground, (size, size), interpolation=cv2.INTER_CUBIC), np.uint8)
    for _ in range(8):
        x, y = rng.integers(0, size, 2).tolist()
        colour = rng.integers(0, 255, 3).tolist()
        cv2.circle(image, (x, y), int(rng.integers(4, size // 5)), colour, -1, cv2.LINE_AA)
    return image


def save(path: Path, image: Image, quality: int = 95) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    options = [cv2.IMWRITE_JPEG_QUALITY, quality] if path.suffix == ".jpg" else []
    assert cv2.imwrite(str(path), image[..., ::-1], options)
    return path


def write_scenes(folder: Path, seeds: range, *, tint: float = 1.0) -> Path:
    for seed in seeds:
        save(folder / f"{seed:04d}.png", (scene(seed) * tint).astype(np.uint8))
    return folder
