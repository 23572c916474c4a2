"""`Backgrounds`: a folder of pictures that stand behind the face."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.opencv import cv2
from train.errors import BadData
from train.simulate.scene import Backdrop
from train.simulate.sensor import Floats, linear

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}


class Backgrounds:
    """All pictures of a folder, in memory, in the order of their names."""

    def __init__(self, folder: Path, size_px: int) -> None:
        """Raises `BadData` where the folder has no pictures, or one that cannot be read."""
        if not folder.is_dir():
            raise BadData(f"backgrounds: {folder} is no folder")
        paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)
        if not paths:
            raise BadData(f"backgrounds: {folder} holds no pictures ({' '.join(sorted(SUFFIXES))})")
        self._size_px = size_px
        self._images = [_read(path, 2 * size_px) for path in paths]

    def __len__(self) -> int:
        return len(self._images)

    def crop(self, backdrop: Backdrop) -> Floats:
        """Linear float32[size_px, size_px, 3]."""
        size_px = self._size_px
        image = self._images[backdrop.image]
        height, width = image.shape[:2]
        side = max(2.0, backdrop.size * min(height, width))
        left = backdrop.centre[0] * (width - side)
        top = backdrop.centre[1] * (height - side)
        scale = side / size_px
        # A point of the picture to a point of the image: moves by parts of a pixel in a clip.
        matrix = np.array([[scale, 0, left + scale / 2 - 0.5], [0, scale, top + scale / 2 - 0.5]])
        crop = cv2.warpAffine(
            image, matrix, (size_px, size_px), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT,
        )  # fmt: skip
        # Where the image shrinks, a little blur stands for the pixels that are skipped.
        sigma = max(backdrop.blur * size_px, 0.35 * scale / 2)
        blurred = cv2.GaussianBlur(linear(np.asarray(crop, np.uint8)), (0, 0), sigma)
        return np.asarray(blurred * np.float32(backdrop.gain), np.float32)


def _read(path: Path, max_side_px: int) -> NDArray[np.uint8]:
    """uint8[H, W, 3] RGB; more pixels than the picture can show are averaged away."""
    try:
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    except cv2.error:  # of more pixels than OpenCV is allowed
        image = None
    if image is None:
        raise BadData(f"backgrounds: {path} is no picture that can be read; remove it")
    scale = max_side_px / max(image.shape[:2])
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(image[..., ::-1], np.uint8)
