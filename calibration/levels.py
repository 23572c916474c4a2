"""What values a camera's pictures take (`PhotometricStats`), and how far they have drifted.

A network that was trained in one light is asked for guesses in another: the picture still looks
like a face, and the avatar gets worse for no visible reason. So the training pictures' statistics
travel in the profile, and the live side compares its own with them now and then:

    levels = Levels()
    levels.add(image)                             # of the model's view, for some hundred frames
    drift(reference, levels.stats()).warnings     # () while all is well
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from calibration.errors import BadImages
from calibration.opencv import cv2
from calibration.part import Part

PERCENTS = (1, 5, 25, 50, 75, 95, 99)
_CLIPPED = 254
"""Of this value and above, a sensor says "at least"."""

# What is called drift: more than both the floor and so many times the spread among the pictures
# that are compared with, so that a reference of many lights tolerates many.
_SPREADS = 3.0
_BRIGHTNESS_FLOOR = 12.0
_COLOUR_FLOOR = 0.02
_CONTRAST_FLOOR = 0.5
"""Of log2 of the contrast: a factor of 1.4."""
_CLIPPED_FLOOR = 0.05

RGB = tuple[float, float, float]
Percentiles = tuple[float, float, float, float, float, float, float]


class PhotometricStats(Part):
    """Levels of a set of pictures, 0..255, per channel R, G, B."""

    pictures: int = Field(gt=0)
    mean: RGB
    percentiles: tuple[Percentiles, Percentiles, Percentiles]
    """Per channel, the levels below which 1, 5, 25, 50, 75, 95 and 99 % of the pixels lie."""
    clipped: float
    """Share of the values that are 254 or 255."""
    spread: float
    """Standard deviation of brightness (mean of all values) among the pictures."""
    colour_spread: float
    """The same of the shares of red and of blue in the light, the larger one."""
    contrast_spread: float
    """The same of log2 of the contrast."""

    @classmethod
    def of(cls, images: Iterable[NDArray[np.uint8]]) -> PhotometricStats:
        """Of pictures uint8[H, W, 3] RGB. Raises `BadImages` when there is none."""
        levels = Levels()
        for image in images:
            levels.add(image)
        return levels.stats()

    @property
    def brightness(self) -> float:
        """Mean of all values, 0..255."""
        return sum(self.mean) / 3

    @property
    def contrast(self) -> float:
        """From the 5th to the 95th percentile of green, 0..255."""
        return self.percentiles[1][5] - self.percentiles[1][1]

    @property
    def colour(self) -> tuple[float, float]:
        """Shares of red and of blue in the light; 1/3 each in a neutral picture."""
        return _shares(np.array(self.mean))


class Levels:
    """Collects the levels of pictures one by one; costs three histograms a picture."""

    def __init__(self) -> None:
        self._counts = np.zeros((3, 256), np.int64)
        self._pictures: list[tuple[float, float, float, float]] = []
        """Brightness, share of red, share of blue, log2 of contrast."""

    def __len__(self) -> int:
        """How many pictures there were."""
        return len(self._pictures)

    def add(self, image: NDArray[np.uint8]) -> None:
        """uint8[H, W, 3] RGB."""
        counts = np.stack(
            [
                np.ravel(cv2.calcHist([image], [channel], None, [256], [0, 256]))
                for channel in range(3)
            ]
        ).astype(np.int64)
        self._counts += counts
        mean = counts @ np.arange(256) / counts.sum(axis=1)
        low, high = _percentiles(counts[1], (5, 95))
        self._pictures.append((mean.mean(), *_shares(mean), math.log2(max(high - low, 1.0))))

    def stats(self) -> PhotometricStats:
        """Of all pictures so far. Raises `BadImages` when there was none."""
        if not self._pictures:
            raise BadImages("no picture to measure levels of: give at least one")
        spread = np.std(self._pictures, axis=0)
        mean = self._counts @ np.arange(256) / self._counts.sum(axis=1)
        return PhotometricStats.model_validate(
            {
                "pictures": len(self._pictures),
                "mean": tuple(mean.round(2)),
                "percentiles": tuple(_percentiles(counts, PERCENTS) for counts in self._counts),
                "clipped": round(self._counts[:, _CLIPPED:].sum() / self._counts.sum(), 5),
                "spread": round(spread[0], 2),
                "colour_spread": round(max(spread[1:3]), 5),
                "contrast_spread": round(spread[3], 4),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How pictures differ from those that they are compared with, and whether it matters."""

    brightness: float
    """Difference of the means, in levels of 0..255; positive is brighter."""
    contrast: float
    """Factor; above 1 is more contrast."""
    colour: tuple[float, float]
    """Change of the shares of red and of blue in the light."""
    clipped: float
    """Change of the share of values that are at the end of the scale."""
    warnings: tuple[str, ...]
    """One line for each of them that is out of bounds; empty: no drift to speak of."""


def drift(reference: PhotometricStats, now: PhotometricStats) -> Drift:
    """Compare pictures of now with those of the reference (training); takes microseconds."""
    brightness = now.brightness - reference.brightness
    contrast = max(now.contrast, 1.0) / max(reference.contrast, 1.0)
    red, blue = (a - b for a, b in zip(now.colour, reference.colour, strict=True))
    clipped = now.clipped - reference.clipped
    warnings = []
    if abs(brightness) > max(_BRIGHTNESS_FLOOR, _SPREADS * reference.spread):
        warnings.append(
            f"the picture is {'brighter' if brightness > 0 else 'darker'} than in training: "
            f"mean {now.brightness:.0f} against {reference.brightness:.0f}"
        )
    if abs(math.log2(contrast)) > max(_CONTRAST_FLOOR, _SPREADS * reference.contrast_spread):
        warnings.append(
            f"the picture has {'more' if contrast > 1 else 'less'} contrast than in training: "
            f"{now.contrast:.0f} levels against {reference.contrast:.0f}"
        )
    if max(abs(red), abs(blue)) > max(_COLOUR_FLOOR, _SPREADS * reference.colour_spread):
        warnings.append(f"the picture is more {_hue(red, blue)} than in training")
    if clipped > _CLIPPED_FLOOR:
        warnings.append(
            f"{now.clipped:.0%} of the picture is overexposed, against {reference.clipped:.0%} "
            "in training"
        )
    return Drift(
        brightness=brightness, contrast=contrast, colour=(red, blue), clipped=clipped,
        warnings=tuple(warnings),
    )  # fmt: skip


def _hue(red: float, blue: float) -> str:
    """The primary or secondary colour whose share grew (a secondary: whose opposite's fell)."""
    change = {"red": red, "green": -red - blue, "blue": blue}
    opposite = {"red": "cyan", "green": "magenta", "blue": "yellow"}
    strongest = max(change, key=lambda name: abs(change[name]))
    return strongest if change[strongest] > 0 else opposite[strongest]


def _shares(mean: NDArray[np.float64]) -> tuple[float, float]:
    total = max(float(mean.sum()), 1.0)
    return float(mean[0]) / total, float(mean[2]) / total


def _percentiles(counts: NDArray[np.int64], percents: tuple[int, ...]) -> tuple[float, ...]:
    cumulative = np.cumsum(counts)
    wanted = np.array(percents) / 100 * cumulative[-1]
    return tuple(float(level) for level in np.searchsorted(cumulative, wanted))
