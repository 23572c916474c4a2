"""Honesty curves: does reconstruction survive when what is handed over is disturbed on the way?

    l_v   |v - E(c', r')|, c' = D_C(v) disturbed before E reads it
    l_c   |c - D_C(v')|, v' = E(c, r) disturbed before D_C reads it

What a picture shows survives a little noise, fewer grey levels, a JPEG; a message between its
pixels does not, and the curve rises steeply.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from calibration.opencv import cv2
from train.cheat.material import Change, Material, decode, entangle
from train.data import to_float, to_uint8
from train.evaluate.bootstrap import Figure
from train.runs import Run

NOISE_LEVELS = (0, 1, 2, 4, 8, 16)
"""Standard deviations of Gaussian noise, of 255 grey levels."""
BITS = (8, 7, 6, 5, 4)
JPEG_QUALITIES = (100, 95, 90, 75, 50, 25)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One disturbance, and what it does to reconstruction."""

    kind: str
    """"noise", "bits" or "jpeg"."""
    level: int
    l_v: Figure
    l_c: Figure
    rise_v: Figure
    """l_v over l_v undisturbed, image by image."""
    rise_c: Figure


def honesty(run: Run, material: Material, seed: int) -> list[Point]:
    """The curves of a run."""
    m = material
    translated = decode(run, m.v)
    made = entangle(run, m.c, m.v)
    clean_v = m.errors(entangle(run, translated, m.v), m.v)
    clean_c = m.errors(decode(run, made), m.c)
    points = []
    for kind, level, change in disturbances(seed):
        on_v = m.errors(entangle(run, change(translated), m.v), m.v)
        on_c = m.errors(decode(run, change(made)), m.c)
        points.append(
            Point(
                kind=kind,
                level=level,
                l_v=m.bootstrap.mean(on_v),
                l_c=m.bootstrap.mean(on_c),
                rise_v=m.bootstrap.ratio(on_v, clean_v),
                rise_c=m.bootstrap.ratio(on_c, clean_c),
            )
        )
    return points


def disturbances(seed: int) -> Iterator[tuple[str, int, Change]]:
    """Kind, level and the change itself, from none to strong within each kind."""
    for level in NOISE_LEVELS:
        yield "noise", level, partial(_noise, level=level, seed=seed)
    for bits in BITS:
        yield "bits", bits, partial(_quantise, bits=bits)
    for quality in JPEG_QUALITIES:
        yield "jpeg", quality, partial(_jpeg, quality=quality)


def _noise(x: Tensor, level: int, seed: int) -> Tensor:
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(seed))
    return (x + level / 127.5 * noise).clamp(-1, 1)


def _quantise(x: Tensor, bits: int) -> Tensor:
    steps = float(2**bits - 1)
    return ((x + 1) / 2 * steps).round() / steps * 2 - 1


def _jpeg(x: Tensor, quality: int) -> Tensor:
    """4:2:0, as cameras and libraries write by default."""
    images = []
    for image in to_uint8(x):
        _, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        images.append(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1])
    return to_float(np.ascontiguousarray(np.stack(images), np.uint8))
