"""One picture: its figures, a fingerprint to find its doubles by, and a thumbnail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration.opencv import cv2
from train.data.domains import information
from train.data.pixels import Image

HISTOGRAM_BINS = 32
FINGERPRINT_SIDE = 16
THUMBNAIL_SIDE = 128
_SHARPNESS_SIDE = 128
_BOX_PX = 7
_BURNT = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A picture as training sees it: its view at the size of the run."""

    size_px: tuple[int, int]
    """Width and height of what the view was made from; see `train.data.views`."""
    brightness: float
    """Mean of luma, 0..255."""
    contrast: float
    """Standard deviation of luma, 0..255."""
    burnt: float
    """Share of pixels whose luma is 250 or more."""
    colour: float
    """Mean difference between a pixel's largest and smallest channel, 0..255: 0 is grey."""
    sharpness: float
    """0: a further blur changes nothing. See `sharpness`."""
    information: float
    """Bits per pixel, compressed without loss at 64x64."""
    histogram: NDArray[np.float32]
    """[3,32]: shares of the levels of R, G, B."""
    fingerprint: Image
    """uint8[16,16]: luma."""
    thumbnail: bytes
    """JPEG, 128x128."""


def measure(image: Image, size_px: tuple[int, int]) -> Measured:
    """The figures of uint8[H,W,3] RGB."""
    luma = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
    mean, deviation = cv2.meanStdDev(luma)
    small = _shrink(image, THUMBNAIL_SIDE)
    _, thumbnail = cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 80])
    return Measured(
        size_px=size_px,
        brightness=float(mean[0, 0]),
        contrast=float(deviation[0, 0]),
        burnt=float((luma >= _BURNT).mean()),
        colour=float(np.ptp(small, axis=2).mean()),
        sharpness=sharpness(luma),
        information=information(image),
        histogram=_histogram(image),
        fingerprint=_shrink(luma, FINGERPRINT_SIDE),
        thumbnail=thumbnail.tobytes(),
    )


def sharpness(luma: Image) -> float:
    """0..1 of uint8[H,W]: how much of the differences between neighbours a further blur takes away,
    in the direction in which it takes least - of a picture blurred by motion, along the motion.

    Crete, Dolmiere, Ladret, Nicolas, "The blur effect" (2007), at 128x128 or less: finer detail is
    often noise. Contrast and brightness hardly change it. On a picture of one colour there is
    nothing to blur: 1.
    """
    side = min(_SHARPNESS_SIDE, len(luma))
    levels = _shrink(luma, side).astype(np.float32)
    lost = []
    for axis, box in ((0, (1, _BOX_PX)), (1, (_BOX_PX, 1))):
        before = np.abs(np.diff(levels, axis=axis))
        after = np.abs(np.diff(cv2.blur(levels, box), axis=axis))
        total = float(before.sum())
        lost.append(float(np.maximum(before - after, 0).sum()) / total if total else 1.0)
    return min(lost)


def _histogram(image: Image) -> NDArray[np.float32]:
    counts: list[Any] = [
        cv2.calcHist([image], [channel], None, [HISTOGRAM_BINS], [0, 256]).ravel()
        for channel in range(3)
    ]
    return np.asarray(np.stack(counts) / (image.shape[0] * image.shape[1]), np.float32)


def _shrink(image: Image, side: int) -> Image:
    return np.asarray(cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
