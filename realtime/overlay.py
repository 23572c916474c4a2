"""Words over a picture: a panel of figures in its upper corner, an alert along its foot.

Thin letters on a darkened box. An outline of thicker letters, the usual way, smears: OpenCV 5 draws
another, wider font for it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from calibration.opencv import cv2
from realtime.frame import Image

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_USUAL_SCALE, _USUAL_HEIGHT_PX = 0.5, 512
_SMALLEST_SCALE, _LARGEST_SCALE = 0.4, 1.0
_MARGIN_PX = 8
_STEP_PX = 32
"""The panel's width is a multiple of this, so that it does not tremble with the figures."""
_WHITE, _DARK, _AMBER = (235, 235, 235), (20, 20, 20), (0, 176, 255)  # BGR


def draw_panel(canvas: Image, lines: Sequence[str]) -> None:
    """Write `lines` over the upper left of `canvas`, uint8[h, w, 3] BGR, in place.

    What is too long for it is cut off, with three dots.
    """
    if not lines:
        return
    scale = _text_scale(canvas)
    room_px = canvas.shape[1] - 2 * _MARGIN_PX
    lines = [_cut(line, scale, room_px) for line in lines]
    pitch_px = _pitch_px(scale)
    widest_px = max(_width_px(line, scale) for line in lines)
    width_px = -(-(widest_px + 2 * _MARGIN_PX) // _STEP_PX) * _STEP_PX
    box = canvas[: pitch_px * len(lines) + _MARGIN_PX, :width_px]
    box[:] = (box * 0.35).astype(np.uint8)
    for row, line in enumerate(lines):
        _write(canvas, line, (_MARGIN_PX, pitch_px * (row + 1)), scale, _WHITE)


def draw_alert(canvas: Image, text: str) -> None:
    """Write `text` on a bright bar along the foot of `canvas`, uint8[h, w, 3] BGR, in place."""
    scale = _text_scale(canvas)
    pitch_px = _pitch_px(scale)
    canvas[-(pitch_px + _MARGIN_PX) :] = _AMBER
    text = _cut(text, scale, canvas.shape[1] - 2 * _MARGIN_PX)
    left_px = (canvas.shape[1] - _width_px(text, scale)) // 2
    _write(canvas, text, (left_px, canvas.shape[0] - _MARGIN_PX - pitch_px // 6), scale, _DARK)


def _text_scale(canvas: Image) -> float:
    fitting = _USUAL_SCALE * min(canvas.shape[:2]) / _USUAL_HEIGHT_PX
    return float(np.clip(fitting, _SMALLEST_SCALE, _LARGEST_SCALE))


def _pitch_px(scale: float) -> int:
    """From one line of text to the next."""
    (_, height_px), below_px = cv2.getTextSize("Ag", _FONT, scale, 1)
    return round((height_px + below_px) * 1.2)


def _width_px(text: str, scale: float) -> int:
    return int(cv2.getTextSize(text, _FONT, scale, 1)[0][0])


def _cut(text: str, scale: float, room_px: int) -> str:
    if _width_px(text, scale) <= room_px:
        return text
    while text and _width_px(text + "...", scale) > room_px:
        text = text[:-1]
    return text + "..."


def _write(
    canvas: Image, text: str, left_base_px: tuple[int, int], scale: float, bgr: tuple[int, int, int]
) -> None:
    cv2.putText(canvas, text, left_base_px, _FONT, scale, bgr, 1, cv2.LINE_AA)
