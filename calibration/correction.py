"""Black level, white balance and gain, as one look-up per value."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from calibration.opencv import cv2
from calibration.profile import Photometric


def correction_table(photometric: Photometric) -> NDArray[np.uint8]:
    """uint8[1, 256, 3]: corrected R, G, B for each value that the camera gives.

    The gains work on the values as they are encoded, as a camera's own controls do.
    """
    above_black = np.arange(256.0)[:, None] - photometric.black_level
    gains = np.array(photometric.white_balance) * photometric.gain
    return np.clip(np.rint(above_black * gains), 0, 255).astype(np.uint8)[None]


def corrected(image: NDArray[np.uint8], table: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8[H, W, 3] RGB through a table of `correction_table`."""
    return np.asarray(cv2.LUT(image, table), np.uint8)
