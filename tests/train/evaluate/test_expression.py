"""Coefficients, and the aperture of the lips."""

from __future__ import annotations

import numpy as np
import pytest

from train.evaluate.bootstrap import Bootstrap
from train.evaluate.expression import expression, lip_aperture, mouth_shapes, r2_per_shape

SHAPES = ("jawOpen", "mouthClose", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthFunnel")


def test_only_the_mouths_shapes_that_vary_are_looked_at() -> None:
    shapes = ("jawOpen", "mouthClose", "cheekPuff")
    truth = np.stack([np.linspace(0, top, 10) for top in (1, 0.05, 1)], 1).astype(np.float32)
    assert mouth_shapes(shapes, truth) == [0]
    assert r2_per_shape(truth, truth, shapes) == {"jawOpen": 1, "cheekPuff": 1}


@pytest.mark.parametrize(
    ("coefficients", "aperture"),
    [
        ((0.6, 0, 0, 0, 0), 0.6),
        ((0.6, 0.5, 0, 0, 0), 0.1),
        ((0.2, 0.5, 0, 0, 0), 0.0),
        ((0.0, 0.0, 0.8, 0.4, 0), 0.15),
        ((0.1, 0.0, 0.0, 0.0, 0.5), 0.3),
    ],
)
def test_lips_are_apart_by_jaw_and_by_drawn_lips(
    coefficients: tuple[float, ...], aperture: float
) -> None:
    assert lip_aperture(np.array([coefficients]), SHAPES) == pytest.approx(aperture)


def test_figures_of_a_reading_that_is_off_by_a_tenth() -> None:
    truth = np.zeros((11, 5), np.float32)
    truth[:, 0] = np.linspace(0, 1, 11)
    got = truth.copy()
    got[:, 0] += 0.1
    figures = expression(got, truth, SHAPES, Bootstrap(np.arange(11), seed=0))
    assert figures["coefficient_mae"].value == pytest.approx(0.1)
    assert figures["lip_aperture_error"].value == pytest.approx(0.1)
    assert figures["jaw_open_r2"].value == pytest.approx(1 - 0.01 / truth[:, 0].var())
    assert figures["expression_r2"].value == figures["jaw_open_r2"].value


def test_a_set_in_which_no_mouth_moves_has_no_figures() -> None:
    still = np.zeros((4, 5), np.float32)
    assert expression(still, still, SHAPES, Bootstrap(np.arange(4), seed=0)) == {}
