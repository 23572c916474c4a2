"""The correction table: a measured card comes out grey, at the level asked for."""

from __future__ import annotations

import numpy as np

from calibration.correction import corrected, correction_table
from calibration.profile import Photometric


def test_a_card_becomes_neutral_and_black_becomes_0() -> None:
    table = correction_table(
        Photometric(black_level=16, white_balance=(84 / 104, 1.0, 84 / 64), gain=118 / 84)
    )
    image = np.array([[[120, 100, 80], [16, 16, 16], [255, 255, 255]]], np.uint8)
    out = corrected(image, table)
    assert out.tolist() == [[[118, 118, 118], [0, 0, 0], [255, 255, 255]]]


def test_without_figures_nothing_changes() -> None:
    image = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, 2)
    np.testing.assert_array_equal(corrected(image, correction_table(Photometric())), image)
