"""Is it the same expression? Blendshape coefficients that the regressor reads off c', against those
the simulator set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from train.evaluate.bootstrap import Bootstrap, Figure, Floats, r2

JAW = "jawOpen"
VARIES = 0.05
"""Standard deviation in the test set from which on a shape counts as varying."""


def mouth_shapes(shapes: Sequence[str], truth: NDArray[np.float32]) -> list[int]:
    """Indices of the mouth's and the jaw's shapes that vary in float[N,S] `truth`."""
    spread = truth.std(0)
    return [
        k
        for k, name in enumerate(shapes)
        if name.startswith(("mouth", "jaw")) and spread[k] >= VARIES
    ]


def expression(
    got: NDArray[np.float32],
    truth: NDArray[np.float32],
    shapes: Sequence[str],
    bootstrap: Bootstrap,
) -> dict[str, Figure]:
    """Figures of float[N,S] coefficients against float[N,S], over the mouth shapes that vary."""
    picks = mouth_shapes(shapes, truth)
    if not picks:
        return {}
    estimate, target = got.astype(float), truth.astype(float)
    figures = {
        "coefficient_mae": bootstrap.mean(np.abs(estimate - target)[:, picks].mean(1)),
        "expression_r2": r2(estimate[:, picks], target[:, picks], bootstrap),
    }
    if JAW in [shapes[k] for k in picks]:
        jaw = [shapes.index(JAW)]
        figures["jaw_open_r2"] = r2(estimate[:, jaw], target[:, jaw], bootstrap)
    gap = np.abs(lip_aperture(estimate, shapes) - lip_aperture(target, shapes))
    figures["lip_aperture_error"] = bootstrap.mean(gap)
    return figures


def r2_per_shape(
    got: NDArray[np.float32], truth: NDArray[np.float32], shapes: Sequence[str]
) -> dict[str, float]:
    """R^2 of each shape that varies, the mouth's or not."""
    error = np.square(got - truth).mean(0)
    variance = truth.var(0)
    return {
        name: float(1 - error[k] / variance[k])
        for k, name in enumerate(shapes)
        if variance[k] >= VARIES**2
    }


def lip_aperture(coefficients: Floats, shapes: Sequence[str]) -> Floats:
    """How far the lips are apart, float[N], in units of a fully open jaw (1).

    The jaw opens them, and mouthClose brings them together again whatever the jaw does. A lip that
    is drawn away from the other (mouthLowerDown, mouthUpperUp; mean of both sides) adds a quarter
    of what the jaw does, a funnelled mouth two fifths: so it is on the ICT face model, whose lips a
    jaw opens by 33 mm. A measure on coefficients, so that it needs no geometry.
    """

    def value(name: str) -> Floats:
        index = shapes.index(name) if name in shapes else None
        return np.zeros(len(coefficients)) if index is None else coefficients[:, index]

    def both(name: str) -> Floats:
        return (value(f"{name}Left") + value(f"{name}Right")) / 2

    opened = np.maximum(value(JAW) - value("mouthClose"), 0)
    drawn = 0.25 * (both("mouthLowerDown") + both("mouthUpperUp")) + 0.4 * value("mouthFunnel")
    return opened + np.maximum(drawn, 0)
