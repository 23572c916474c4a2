"""Shadows that an avatar casts on itself, by its normals."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

STEEPEST = 3.0
"""A slope, height over way: what is steeper is an outline, behind which nobody knows."""
ON_THE_WAY = (1.5, 2.5, 4.0, 6.0, 9.0, 13.0, 18.0, 25.0)
"""How far from a place, in 64ths of the picture, it is looked for what stands before a lamp."""
CLEAR = 0.7
"""What stands so little higher, in 64ths of the picture, is the place itself."""


def heights_of(n: Tensor) -> Tensor:
    """Normals float[B,3,S,S] -> how far towards the camera each place lies, float[B,1,S,S], in
    pixels: the surface whose slopes are nearest to theirs (Frankot and Chellappa 1988)."""
    size = n.shape[-1]
    facing = n[:, 2:].clamp_min(1 / STEEPEST)
    slopes = torch.cat([-n[:, :1], n[:, 1:2]], 1) / facing  # to the right, down
    slopes = functional.pad(slopes.clamp(-STEEPEST, STEEPEST), (0, size, 0, size)).float()
    right, down = torch.fft.rfft2(slopes).split(1, 1)
    across = 2 * math.pi * torch.fft.rfftfreq(2 * size, device=n.device)
    along = 2 * math.pi * torch.fft.fftfreq(2 * size, device=n.device)[:, None]
    waves = (across.square() + along.square()).clamp_min(1e-9)  # the mean height does not matter
    found: Tensor = torch.fft.irfft2(
        -1j * (across * right + along * down) / waves, s=(2 * size,) * 2
    )
    return found[..., :size, :size].to(n)


def seen_by_lamp(heights: Tensor, towards: Tensor, soft: Tensor) -> Tensor:
    """float[B,1,S,S]: 1 where nothing stands before a lamp in the direction float[B,3,1,1], 0 in
    its shadow; `soft` (of a 64th of the picture, float[B,1,1,1]) is the height of the edge between.
    """
    size = heights.shape[-1]
    unit = size / 64
    right, up, near = towards.split(1, 1)
    flat = (right.square() + up.square()).sqrt() + 1e-3
    climb = near / flat  # of the way to the lamp, over the picture
    place = (torch.arange(size).to(heights) + 0.5) * (2 / size) - 1
    here = torch.stack(torch.meshgrid(place, place, indexing="xy"), -1)
    step = torch.cat([right, -up], 3) / flat * (2 / size)  # [B,1,1,2]: a pixel's
    highest = torch.full_like(heights, -math.inf)
    for way in ON_THE_WAY:
        there = functional.grid_sample(heights, here + way * unit * step, align_corners=False)
        highest = torch.maximum(highest, there - way * unit * climb)
    return torch.sigmoid((heights + CLEAR * unit - highest) / (soft * unit))
