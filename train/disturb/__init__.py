"""`disturb`: a render as a headset's camera might have seen it, made up: light, room, fit, sensor.

D_C practises on such pictures, because what it has to find in them is known: the render itself
(`cycles.restoration`). Light and rooms are those of unrelated pictures of V, roughly; everything
else is drawn, wider than any camera needs. Nothing here knows how V comes about.

What is drawn comes from one generator, on the CPU, so the same one gives the same pictures.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from train.disturb.camera import room, sensed, worn
from train.disturb.draw import Draw, light_of, soften
from train.disturb.light import lamps, materials, relief, shape_lit

__all__ = ["disturb"]

BLACK = 0.02
"""The avatar is where a render is lighter than this (0..1); domain C is black elsewhere."""


@torch.no_grad()
def disturb(
    c: Tensor,
    v: Tensor,
    rng: torch.Generator,
    normals: Tensor | None = None,
    *,
    shrink: int = 1,
) -> Tensor:
    """Renders float[B,3,S,S] and as many unrelated pictures of V -> disturbed renders, alike in
    shape and range (-1..1).

    normals: the renders' normal passes, float[B,3,S,S]: right, up and towards the camera, -1..1,
    0 where nothing is. Lamps then light the avatar's own shape; None: what its light tells of it.
    shrink: all of it happens on copies that many times smaller, for who looks at no finer ones; the
    copy is enlarged again.
    """
    if shrink > 1:
        c, v = functional.avg_pool2d(c, shrink), functional.avg_pool2d(v, shrink)
        if normals is not None:
            normals = functional.avg_pool2d(normals, shrink)
        return functional.interpolate(disturb(c, v, rng, normals), scale_factor=shrink)
    draw = Draw(rng, c)
    light, seen = light_of(c), light_of(v)
    avatar = (c.amax(1, keepdim=True) > 2 * BLACK - 1).to(c)
    painted = light * materials(light, avatar, draw)
    if normals is None:
        shape = relief(light, avatar, draw)
        light = painted * shape * lamps(light, avatar, seen, draw)
    else:
        shape, sheen = shape_lit(normals, avatar, draw)
        light = painted * lamps(light, avatar, seen, draw, shape) + avatar * sheen
    # A render's outermost pixels are half black already.
    light = torch.lerp(room(seen, draw), light, (2 * soften(avatar) - 1).clamp_min(0))
    return sensed(worn(light, draw), draw)
