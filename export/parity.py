"""How far each backend lies from PyTorch in float32, in 8-bit levels, and what is allowed."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from export.config import Precision
from export.errors import ExportError
from realtime.backends import ROUNDING, BackendName, open_backend
from realtime.bundle import Bundle
from realtime.errors import BackendMissing
from realtime.parity import LEAST_PSNR_DB, Parity, Tolerance, compare

FLOAT32 = Tolerance(max_abs=2, mean_abs=0.25)
"""Levels of 255: float32 backends differ by a rounding here and there, never by more."""


def measure(
    bundle: Bundle,
    images: NDArray[np.uint8],
    reference: NDArray[np.uint8],
    need_tensorrt: bool,
    on_event: Callable[[str], None],
) -> dict[str, Parity]:
    """Parity of every backend that runs here; those that are not installed are left out.

    images, reference: uint8[N,H,W,3]. Raises `ExportError` if one is out of bounds, `BackendError`
    if one is installed and fails, `BackendMissing` if TensorRT is needed and is not there.
    """
    names: tuple[BackendName, ...] = get_args(BackendName)
    parity: dict[str, Parity] = {}
    for name in names:
        if name == "auto":
            continue
        try:
            backend = open_backend(name, bundle, on_event)
        except BackendMissing:
            if name == "tensorrt" and need_tensorrt:
                raise
            continue
        try:
            outputs = np.concatenate([backend.run(image[None]) for image in images])
        finally:
            backend.close()
        parity[name] = compare(outputs, reference)
        precision = "bfloat16" if name in ROUNDING else bundle.manifest.precision
        _check(name, precision, parity[name])
    return parity


def tolerance(precision: Precision, parity: dict[str, Parity]) -> Tolerance:
    """What the golden pairs allow: in float16 and int8 twice what the worst backend needed, since
    each rounds in its own way. Those of `ROUNDING` are not bound by it."""
    if precision == "fp32":
        return FLOAT32
    worst = [(p.max_abs, p.mean_abs) for name, p in parity.items() if name not in ROUNDING]
    return Tolerance(
        max_abs=min(255, max(FLOAT32.max_abs, *(2 * max_abs for max_abs, _ in worst))),
        mean_abs=max(FLOAT32.mean_abs, *(2 * mean_abs for _, mean_abs in worst)),
    )


def _check(name: str, precision: str, parity: Parity) -> None:
    """Raises `ExportError` if a backend is out of bounds."""
    psnr_db = np.inf if parity.psnr_db is None else parity.psnr_db
    if precision == "float32":
        good = parity.max_abs <= FLOAT32.max_abs and parity.mean_abs <= FLOAT32.mean_abs
        allowed = f"{FLOAT32.max_abs:.0f} and {FLOAT32.mean_abs}"
    else:
        good, allowed = psnr_db >= LEAST_PSNR_DB, f"any with PSNR {LEAST_PSNR_DB:.0f} dB or more"
    if not good:
        raise ExportError(
            f"{name} in {precision} differs from PyTorch by {parity.max_abs:.0f} levels at most "
            f"and {parity.mean_abs:.3f} on average, PSNR {psnr_db:.1f} dB; allowed are {allowed}: "
            "the bundle was not written"
        )
