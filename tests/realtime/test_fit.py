"""A picture in a rectangle of another shape: undistorted, centred, on black."""

from __future__ import annotations

import numpy as np
import pytest

from realtime.fit import fit


@pytest.mark.parametrize(
    ("size_px", "rows", "columns"),
    [
        ((40, 20), slice(0, 20), slice(10, 30)),  # wider: black beside it
        ((20, 40), slice(10, 30), slice(0, 20)),  # taller: black above and below
        ((5, 5), slice(0, 5), slice(0, 5)),  # smaller
    ],
)
def test_it_is_as_large_as_can_be_and_in_the_middle(
    size_px: tuple[int, int], rows: slice, columns: slice
) -> None:
    fitted = fit(np.full((10, 10, 3), (10, 20, 30), np.uint8), size_px)
    assert fitted.shape == (size_px[1], size_px[0], 3)
    assert (fitted[rows, columns] == (10, 20, 30)).all()
    outside = np.ones(fitted.shape[:2], bool)
    outside[rows, columns] = False
    assert not fitted[outside].any()
