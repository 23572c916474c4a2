"""`compare`: how far a picture lies from the one it should be; `Tolerance`: how far it may."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from calibration.part import Part

LEAST_PSNR_DB = 35.0
"""Of what computes in fewer bits than 32, to float32."""


class Parity(Part):
    """How far a backend's output lies from PyTorch's, in 8-bit levels."""

    max_abs: float = Field(ge=0)
    mean_abs: float = Field(ge=0)
    psnr_db: float | None = None
    """None when the outputs are identical."""


def compare(got: NDArray[np.uint8], reference: NDArray[np.uint8]) -> Parity:
    """Figures over all pixels of two equally shaped uint8 arrays."""
    difference = got.astype(np.int16) - reference
    mean_square = float(np.square(difference, dtype=np.float64).mean())
    return Parity(
        max_abs=float(np.abs(difference).max()),
        mean_abs=float(np.abs(difference).mean()),
        psnr_db=10 * math.log10(255**2 / mean_square) if mean_square else None,
    )


class Tolerance(Part):
    """How far a backend may lie from the golden outputs, in 8-bit levels."""

    max_abs: float = Field(ge=0, le=255)
    mean_abs: float = Field(ge=0, le=255)
