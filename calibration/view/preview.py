"""The picture of before and after: what the camera sees, what the model sees of it."""

from __future__ import annotations

import numpy as np

from calibration.drawing import BLACK, YELLOW, beside, captioned
from calibration.images import Image, size_of
from calibration.lens import Floats
from calibration.maps import ViewTable, crop_px, view_places
from calibration.opencv import cv2
from calibration.profile import Intrinsics, Size, View

HEIGHT_PX = 480
"""Of the picture, without the caption."""
_OUTLINE = (33, 33)


def preview(image: Image, view: View, intrinsics: Intrinsics | None, model_size_px: Size) -> Image:
    """The camera's picture with the view's outline, and an arrow to where its top is | the view.

    Raises `ProfileError` for a view that cannot be had.
    """
    size_px = size_of(image)
    after = ViewTable(view, size_px, model_size_px, intrinsics)(image)
    before = image.copy()
    _draw_outline(before, view_places(view, size_px, _OUTLINE, intrinsics))
    x, y, width, height = crop_px(view, size_px)
    lines = [
        f"camera {size_px[0]}x{size_px[1]}, crop x {x} y {y} {width}x{height}, "
        f"turned {view.rotation_deg} clockwise"
        f"{', mirrored' if view.flip else ''}{', undistorted' if view.undistort else ''}",
        f"right: what the model sees, {model_size_px[0]}x{model_size_px[1]}",
    ]
    return captioned(beside(to_height(before), after), lines)


def to_height(image: Image) -> Image:
    """`image`, resized to `HEIGHT_PX`."""
    scale = HEIGHT_PX / image.shape[0]
    return np.asarray(
        cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
    )


def _draw_outline(image: Image, places: Floats) -> None:
    """Round the view, [h, w, 2] camera pixels, and from its middle to the middle of its top."""
    border = [places[0], places[:, -1], places[-1, ::-1], places[::-1, 0]]
    outline = np.concatenate(border)
    outline = outline[np.isfinite(outline).all(axis=1)].round().astype(np.int32)
    rows, columns, _ = places.shape
    middle, top = places[rows // 2, columns // 2], places[rows // 8, columns // 2]
    for colour, thickness in ((BLACK, 4), (YELLOW, 2)):
        cv2.polylines(image, [outline], True, colour, thickness, cv2.LINE_AA)
        if np.isfinite([middle, top]).all():
            start, end = ((round(p[0]), round(p[1])) for p in (middle, top))
            cv2.arrowedLine(image, start, end, colour, thickness, cv2.LINE_AA, tipLength=0.15)
