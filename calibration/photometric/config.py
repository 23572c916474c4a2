"""`PhotometricConfig`: the command line of `python -m calibration photometric`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from calibration.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class PhotometricConfig:
    """Measure a camera's levels, and whether its light has drifted since the training pictures.

    A SOURCE is a folder of images, an image, a video, a recorded session, or a camera.
    """

    profile: Annotated[Path, arg(metavar="FILE")]
    """Camera profile to write; what else an existing one holds stays. Its view is what is
    measured."""
    dark: Annotated[str | None, arg(metavar="SOURCE")] = None
    """The covered lens: gives the black level."""
    grey: Annotated[str | None, arg(metavar="SOURCE")] = None
    """A grey or white card, evenly lit, filling the view, not overexposed: gives the white
    balance."""
    level: Annotated[float | None, arg(metavar="0..255")] = None
    """With --grey: what the card's value should be; gives the gain. 118 for an 18 % grey card."""
    reference: Annotated[str | None, arg(metavar="SOURCE")] = None
    """Pictures of the light to be trained in, or trained in: their levels are stored."""
    drift: Annotated[str | None, arg(metavar="SOURCE")] = None
    """Pictures to compare with the stored levels."""
    pictures: Annotated[int, arg(metavar="COUNT")] = 300
    """Use at most this many pictures of each source."""
    name: Annotated[str | None, arg(metavar="TEXT")] = None
    """What to call the camera in a new profile."""

    def __post_init__(self) -> None:
        if not any((self.dark, self.grey, self.reference, self.drift)):
            raise UsageError(
                "nothing to measure: give --dark, --grey, --reference or --drift with a SOURCE"
            )
        if self.level is not None and (self.grey is None or not 16 <= self.level <= 250):
            raise UsageError("--level takes 16 to 250, and needs --grey")
        if self.pictures < 1:
            raise UsageError(f"--pictures {self.pictures}: give 1 or more")
