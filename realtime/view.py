"""`ViewMap`: a camera image becomes the model's input, by the camera's profile."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from calibration.maps import ViewTable
from calibration.profile import CameraProfile


class ViewMap:
    """Camera image -> model input. The table behind it is computed for the first image, and again
    for the first of another size: a network camera may change in the middle of a stream."""

    def __init__(
        self,
        profile: CameraProfile,
        model_size_px: tuple[int, int],
        on_event: Callable[[str], None] = lambda line: None,
    ) -> None:
        """model_size_px: width, height. on_event: gets a line when the size changes, and when the
        profile was made for another size and had to be scaled."""
        self._profile, self._model_size_px, self._on_event = profile, model_size_px, on_event
        self._table: ViewTable | None = None

    def __call__(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """uint8[H, W, 3] -> a new, contiguous uint8[1, h, w, 3].

        Raises `ProfileError` if the profile does not fit the image.
        """
        height, width, _ = image.shape
        if self._table is None or self._table.camera_size_px != (width, height):
            self._table = self._new_table((width, height))
        return self._table(image)[np.newaxis]

    def _new_table(self, size_px: tuple[int, int]) -> ViewTable:
        if self._table is not None:
            was, now = ("{}x{}".format(*size) for size in (self._table.camera_size_px, size_px))
            self._on_event(f"the source changed from {was} to {now} pixels")
        fitted, note = self._profile.for_size(size_px)
        if note is not None:
            self._on_event(note)
        return ViewTable(fitted.view, size_px, self._model_size_px, fitted.intrinsics)
