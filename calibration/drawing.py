"""Text and pictures side by side, for the pictures that the commands write."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from calibration.images import Image
from calibration.opencv import cv2

Colour = tuple[int, int, int]

WHITE, BLACK, GREY = (255, 255, 255), (0, 0, 0), (60, 60, 60)
RED, GREEN, BLUE = (255, 80, 70), (90, 220, 90), (90, 150, 255)
YELLOW = (255, 210, 60)

_LINE_PX = 22


def write_text(
    image: Image, text: str, at: tuple[int, int], colour: Colour = WHITE, scale: float = 0.5
) -> None:
    """One line on `image`, its lower left corner `at`, outlined to be read on any ground."""
    # A thicker stroke would be wider in OpenCV 5, whose letters are a real font's: so the outline
    # is the same text, shifted to all sides.
    x, y = at
    shifts = ((-1, -1), (-1, 1), (1, -1), (1, 1))
    for place, ink in [*(((x + dx, y + dy), BLACK) for dx, dy in shifts), (at, colour)]:
        cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, ink, 1, cv2.LINE_AA)


def captioned(image: Image, lines: Sequence[str]) -> Image:
    """`image` with lines of text on a bar below it."""
    bar = np.full((_LINE_PX * len(lines) + 8, image.shape[1], 3), GREY, np.uint8)
    for row, line in enumerate(lines):
        write_text(bar, line, (8, _LINE_PX * (row + 1)))
    return np.concatenate([image, bar])


def beside(left: Image, right: Image, gap_px: int = 8) -> Image:
    """The two pictures side by side, the right one brought to the left one's height."""
    height = left.shape[0]
    width = max(1, round(right.shape[1] * height / right.shape[0]))
    scaled = cv2.resize(right, (width, height), interpolation=cv2.INTER_AREA)
    gap = np.full((height, gap_px, 3), GREY, np.uint8)
    return np.concatenate([left, gap, np.asarray(scaled, np.uint8)], axis=1)
