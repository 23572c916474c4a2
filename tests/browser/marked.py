"""Pictures with a number and four colours, which are right only if seen the right way round."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from realtime.frame import Image
from tests.pictures import BRIGHT, COLUMNS, DARK, ROWS, draw_number

SIZE_PX = (64, 64)
COLOURS = ((220, 40, 40), (40, 200, 60), (50, 60, 220), (230, 210, 60))
"""RGB of the lowest quarter, from left to right."""
NUMBER_PART = 0.75

Spot = tuple[float, float]
"""Where in a picture: from the left and from the top, 0 to 1."""
Colour = tuple[int, int, int]

NUMBER_SPOTS: list[Spot] = [
    ((column + 0.5) / COLUMNS, (row + 0.5) / ROWS * NUMBER_PART)
    for row in range(ROWS)
    for column in range(COLUMNS)
]
COLOUR_SPOTS: list[Spot] = [
    ((index + 0.5) / len(COLOURS), (1 + NUMBER_PART) / 2) for index in range(len(COLOURS))
]


def draw_marked(number: int) -> Image:
    """uint8[64, 64, 3]: the lowest 24 bits of `number` in blocks, and the colours below."""
    width, height = SIZE_PX
    number_height = int(height * NUMBER_PART)
    blocks = draw_number(number, (width, number_height))
    colours = np.repeat(np.array(COLOURS, np.uint8), width // len(COLOURS), axis=0)
    return np.concatenate([blocks, np.tile(colours, (height - number_height, 1, 1))])


def read_marked(colours: Iterable[Colour]) -> int:
    """The number, from what is seen at `NUMBER_SPOTS`."""
    bits = [sum(colour) / 3 > (DARK + BRIGHT) / 2 for colour in colours]
    return sum(bit << index for index, bit in enumerate(bits))


def inverted(colours: Iterable[Colour]) -> list[Colour]:
    """As the model of the tests does it."""
    return [(255 - red, 255 - green, 255 - blue) for red, green, blue in colours]


def alike(seen: Iterable[Colour], expected: Iterable[Colour], tolerance: int = 16) -> bool:
    """Whether colours are the same but for what two codecs do to them."""
    pairs = zip(seen, expected, strict=True)
    return all(
        abs(a - b) <= tolerance for one, other in pairs for a, b in zip(one, other, strict=True)
    )
