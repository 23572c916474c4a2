"""Which two sources are V and C: of a data set's folder, or as they are given one by one.

Of two unnamed domains, trainA/ and trainB/, V is the one that carries more information: translating
to C drops it, and R has to keep it (the paper's V -> (C, R)). For photographs and their label maps,
or aerial images and street maps, that is the photograph.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration.opencv import cv2
from train.data.pixels import Image, read_image
from train.data.sources import list_images
from train.errors import BadData, TrainError

SAMPLE = 32
SAMPLE_SIZE = 64
CLEAR = 1.1
"""Ratio of information from which on the richer domain is taken for V; below, A is V."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Domains:
    """The two sources, and one line that says why they are the way round that they are."""

    v: Path
    c: Path
    why: str
    normals: Path | None = None
    """The normal passes of C, if the data set has them."""


def choose(data: Path | None, v: Path | None, c: Path | None, *, swap: bool = False) -> Domains:
    """The domains that a user asked for: a data set, or both sources. Raises `TrainError`."""
    if data is not None and v is None and c is None:
        return domains(data, swap=swap)
    if data is None and v is not None and c is not None:
        if v.resolve() == c.resolve():
            raise BadData(f"v and c are the same, {v}: there is nothing to translate between")
        found = Domains(v=v, c=c, why="V and C as given")
        return _swapped(found) if swap else found
    raise TrainError("say where the images are: either a data set, --data, or both --v and --c")


def domains(data: Path, *, swap: bool = False) -> Domains:
    """V and C of a data set: DATA/v and DATA/c, or DATA/trainA and DATA/trainB. Raises `BadData`.

    swap: the other way round.
    """
    if all((data / name).exists() for name in ("v", "c")):
        normals = data / "normals" if (data / "normals").is_dir() else None
        found = Domains(v=data / "v", c=data / "c", why="V is v/, C is c/", normals=normals)
    elif all((data / name).exists() for name in ("trainA", "trainB")):
        found = _by_information(data / "trainA", data / "trainB")
    else:
        raise BadData(
            f"{data} is no data set: it has neither v/ and c/ (simulated) nor trainA/ and trainB/ "
            "(as for CycleGAN); give two folders with --v and --c"
        )
    return _swapped(found) if swap else found


def information(image: Image) -> float:
    """Bits per pixel of uint8[H,W,3], compressed without loss at 64x64."""
    small = cv2.resize(image, (SAMPLE_SIZE, SAMPLE_SIZE), interpolation=cv2.INTER_AREA)
    _, png = cv2.imencode(".png", small)
    return float(len(png)) * 8 / SAMPLE_SIZE**2


def _by_information(a: Path, b: Path) -> Domains:
    of_a, of_b = _mean_information(a), _mean_information(b)
    richer_b = of_b > CLEAR * of_a
    v, c = (b, a) if richer_b else (a, b)
    if richer_b or of_a > CLEAR * of_b:
        reason = "its images carry more information"
    else:
        reason = "the two carry about the same information"
    figures = f"{a.name} {of_a:.1f}, {b.name} {of_b:.1f} bits per pixel"
    return Domains(v=v, c=c, why=f"V is {v.name}/, C is {c.name}/: {reason} ({figures})")


def _mean_information(folder: Path) -> float:
    paths = list_images(folder)
    picks = np.linspace(0, len(paths) - 1, min(SAMPLE, len(paths))).round().astype(int)
    images = (read_image(paths[i], SAMPLE_SIZE) for i in picks)
    found = [information(image) for image in images if image is not None]
    return float(np.mean(found)) if found else 0.0


def _swapped(found: Domains) -> Domains:
    return Domains(v=found.c, c=found.v, why=f"{found.why}; swapped as asked")
