"""`fit`: a picture into a rectangle of another shape, undistorted."""

from __future__ import annotations

import numpy as np

from calibration.opencv import cv2
from realtime.frame import Image


def fit(image: Image, size_px: tuple[int, int]) -> Image:
    """`image`, uint8[h, w, 3], as large as it can be in the middle of black: a new
    uint8[height, width, 3] for `size_px` (width, height); the channels stay in their order."""
    canvas = np.zeros((size_px[1], size_px[0], 3), np.uint8)
    ratio = min(size_px[0] / image.shape[1], size_px[1] / image.shape[0])
    width, height = (max(1, round(length * ratio)) for length in (image.shape[1], image.shape[0]))
    left, top = (size_px[0] - width) // 2, (size_px[1] - height) // 2
    interpolation = cv2.INTER_LINEAR if ratio > 1 else cv2.INTER_AREA
    fitted = cv2.resize(image, (width, height), interpolation=interpolation)
    canvas[top : top + height, left : left + width] = fitted
    return canvas
