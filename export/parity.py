"""How far a backend's output lies from PyTorch's, in 8-bit levels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from realtime.bundle import Parity


def compare(got: NDArray[np.uint8], reference: NDArray[np.uint8]) -> Parity:
    """Figures over all pixels of two equally shaped uint8 arrays."""
    difference = got.astype(np.int16) - reference
    mean_square = float(np.square(difference, dtype=np.float64).mean())
    return Parity(
        max_abs=float(np.abs(difference).max()),
        mean_abs=float(np.abs(difference).mean()),
        psnr_db=10 * float(np.log10(255**2 / mean_square)) if mean_square else None,
    )
