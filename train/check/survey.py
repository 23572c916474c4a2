"""All pictures of one source, looked at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from train.check.measure import Measured, measure
from train.data.decode import decode_all
from train.data.pixels import Image, Undecodable, square
from train.data.sources import Source
from train.errors import BadData

AVERAGE_SIDE = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What was seen of one domain; lists and arrays are in the order of its pictures."""

    title: str
    """"V" or "C"."""
    source: Source
    names: list[str]
    pictures: list[Measured]
    unreadable: dict[str, str]
    """Name -> reason."""
    mean: Image
    """uint8[128,128,3]: the average picture."""
    spread: Image
    """uint8[128,128]: the standard deviation over the pictures, stretched to 0..255."""

    def __len__(self) -> int:
        return len(self.pictures)

    def column(self, figure: str) -> NDArray[np.float64]:
        """[N] of one figure of `Measured`."""
        return np.array([getattr(picture, figure) for picture in self.pictures], np.float64)

    def fingerprints(self) -> NDArray[np.uint8]:
        """uint8[N,16,16]."""
        return np.stack([picture.fingerprint for picture in self.pictures])

    def histogram(self) -> NDArray[np.float64]:
        """[3,32]: shares of the levels of R, G, B over all pictures."""
        histograms = np.stack([picture.histogram for picture in self.pictures])
        return np.asarray(histograms.mean(axis=0), np.float64)


def survey(title: str, source: Source, size: int) -> Survey:
    """Look at every picture at size x size. Raises `BadData` if none can be decoded."""
    names, pictures, unreadable = [], [], {}
    total = np.zeros((AVERAGE_SIDE, AVERAGE_SIDE, 3))
    squares = np.zeros_like(total)
    for name, result in decode_all(source, size, _look, f"looking at {title}"):
        if isinstance(result, Undecodable):
            unreadable[name] = str(result)
            continue
        picture, small = result
        names.append(name)
        pictures.append(picture)
        total += small
        squares += small.astype(np.float64) ** 2
    if not pictures:
        name, reason = next(iter(unreadable.items()), (source.path.name, "no frames"))
        raise BadData(
            f"{source.path}: none of {len(unreadable)} images can be decoded; the first, {name}: "
            f"{reason}"
        )
    mean = total / len(pictures)
    spread = np.sqrt(np.maximum(squares / len(pictures) - mean**2, 0).mean(axis=2))
    return Survey(
        title=title,
        source=source,
        names=names,
        pictures=pictures,
        unreadable=unreadable,
        mean=mean.round().astype(np.uint8),
        spread=(spread * (255 / max(spread.max(), 1.0))).round().astype(np.uint8),
    )


def _look(image: Image, size_px: tuple[int, int]) -> tuple[Measured, Image]:
    return measure(image, size_px), square(image, AVERAGE_SIDE)
