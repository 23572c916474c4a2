"""`ViewMap`: a camera image becomes the model's input, by the camera's profile."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from calibration.correction import corrected, correction_table
from calibration.maps import ViewTable
from calibration.profile import CameraProfile, Photometric


class ViewMap:
    """Camera image -> model input: one remap (crop, turn, mirror, distortion, size), then one
    look-up for the profile's black level, white balance and gain, on the view's pixels alone.

    The table behind it is computed for the first image, and again for the first of another size: a
    network camera may change in the middle of a stream."""

    def __init__(
        self,
        profile: CameraProfile,
        model_size_px: tuple[int, int],
        on_event: Callable[[str], None] = lambda line: None,
        on_view: Callable[[NDArray[np.uint8]], None] | None = None,
    ) -> None:
        """model_size_px: width, height. on_event: gets a line when the size changes, and when the
        profile was made for another size and had to be scaled. on_view: gets each view
        before its levels are corrected, uint8[h, w, 3], not to be written to."""
        self._profile, self._model_size_px, self._on_event = profile, model_size_px, on_event
        self._on_view = on_view
        self._table: ViewTable | None = None
        self._levels = _correction(profile.photometric or Photometric())

    def __call__(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """uint8[H, W, 3] -> a contiguous uint8[1, h, w, 3], not to be written to.

        Raises `ProfileError` if the profile does not fit the image.
        """
        height, width, _ = image.shape
        if self._table is None or self._table.camera_size_px != (width, height):
            self._table = self._new_table((width, height))
        view = self._table(image)
        if self._on_view is not None:
            self._on_view(view)
        if self._levels is not None:
            view = corrected(view, self._levels)
        return view[np.newaxis]

    def _new_table(self, size_px: tuple[int, int]) -> ViewTable:
        if self._table is not None:
            was, now = ("{}x{}".format(*size) for size in (self._table.camera_size_px, size_px))
            self._on_event(f"the source changed from {was} to {now} pixels")
        fitted, note = self._profile.for_size(size_px)
        if note is not None:
            self._on_event(note)
        return ViewTable(fitted.view, size_px, self._model_size_px, fitted.intrinsics)


def _correction(photometric: Photometric) -> NDArray[np.uint8] | None:
    """The table of `correction_table`; None if it would change nothing."""
    table = correction_table(photometric)
    unchanged = correction_table(Photometric())
    return None if np.array_equal(table, unchanged) else table
