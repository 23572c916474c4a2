"""Black level and gains, from pictures of a covered lens and of a grey card."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from calibration.errors import BadImages
from calibration.images import Image
from calibration.opencv import cv2

_MAX_BLACK = 48.0
_OVEREXPOSED, _MAX_OVEREXPOSED_SHARE = 250, 0.01
_MIN_CARD = 24.0
"""Levels above black: a darker card tells little of the gains."""
_MAX_UNEVEN = 0.15
_CELLS = (8, 8)
_MAX_GAIN = 4.0


def black_level(images: Iterable[Image]) -> float:
    """0..255, of pictures with the lens covered. Raises `BadImages` if it was not."""
    level = float(np.mean([image.mean() for image in images]))
    if level > _MAX_BLACK:
        raise BadImages(
            f"a covered lens gives a level below {_MAX_BLACK:.0f}, got {level:.0f}: cover the lens "
            "so that no light comes in, and switch off lights that belong to the camera"
        )
    return level


def card_colour(images: Iterable[Image], black: float) -> NDArray[np.float64]:
    """R, G, B above black of a neutral card in the middle of the pictures.

    Raises `BadImages` when it cannot be one: overexposed, too dark, uneven, or of a colour.
    """
    colours = []
    for image in images:
        height, width, _ = image.shape
        card = image[height // 4 : -(height // 4), width // 4 : -(width // 4)]
        overexposed = float((card >= _OVEREXPOSED).mean())
        if overexposed > _MAX_OVEREXPOSED_SHARE:
            raise BadImages(
                f"{overexposed:.0%} of the card is overexposed: less light, or a shorter exposure"
            )
        cells = cv2.resize(card.astype(np.float32), _CELLS, interpolation=cv2.INTER_AREA) - black
        colour = np.median(cells, axis=(0, 1))
        if colour.min() < _MIN_CARD:
            raise BadImages(
                f"the card is only {colour.min():.0f} levels above black, {_MIN_CARD:.0f} are "
                "needed: more light, or a longer exposure"
            )
        uneven = float((cells / colour).std())
        if uneven > _MAX_UNEVEN:
            raise BadImages(
                f"the middle of the picture is uneven by {uneven:.0%}, at most {_MAX_UNEVEN:.0%} "
                "is asked for: fill the view with one plain card, evenly lit"
            )
        colours.append(colour)
    colour = np.median(colours, axis=0)
    if colour.max() / colour.min() > _MAX_GAIN:
        raise BadImages(
            f"the card's R, G, B are {' '.join(f'{c:.0f}' for c in colour)}: that is no neutral "
            "card, or the light has hardly a colour to balance"
        )
    return np.asarray(colour)
