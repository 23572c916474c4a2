"""Other light on a render: materials, lamps with or without the avatar's normals, shadows."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from train.disturb.draw import DIM, Draw, coarse, mean, soften, spots, unit
from train.disturb.shadows import heights_of, seen_by_lamp

LAMPS = 3
"""That light a face whose normals are known; some of them are off."""


def materials(light: Tensor, avatar: Tensor, draw: Draw) -> Tensor:
    """How much lighter colourful and bright places become: teeth are not always as bright."""
    most, least = light.amax(1, keepdim=True), light.amin(1, keepdim=True)
    colourful = (most - least) / (most + DIM)
    bright = light.mean(1, keepdim=True)
    colourful = colourful - mean(colourful, avatar)
    bright = (bright / (mean(bright, avatar) + DIM) - 1).clamp(-1, 2)
    change = (draw.normal(1.2) + 0.5) * colourful + (draw.normal(0.4) + 0.2) * bright
    return change.clamp(-2, 1).exp()


def relief(light: Tensor, avatar: Tensor, draw: Draw) -> Tensor:
    """By how much each place is lit otherwise because of the face's shape: float[B,1,S,S].

    Nobody knows the shape. But a render is lit from in front, so what is darker in it lies deeper,
    roughly: a lamp at a side lights the slopes that face it, and one in front the valleys less, or
    more, than the renders' own lamps do.
    """
    size = light.shape[-1]
    height = (light.mean(1, keepdim=True) + DIM).log() * avatar
    turn = draw.uniform(0, 2 * math.pi)
    fine = draw.normal(2.5) * _slope(soften(height), turn)
    broad = draw.normal(4.0) * _slope(spots(height, draw.whole(6, 16)), turn)
    valleys = draw.normal(0.5) * (height - spots(height, 8))
    margin = max(1, round(size / 32))  # the outline is a step from the black beside it, not a slope
    around = functional.pad(avatar, (margin,) * 4)
    inside = (functional.avg_pool2d(around, 2 * margin + 1, 1) > 0.99).to(light)
    return (inside * (fine + broad + valleys)).clamp(-1.2, 1.2).exp()


def _slope(height: Tensor, turn: Tensor) -> Tensor:
    """How far it rises over a 64th of the picture, in the direction `turn`: -0.3..0.3."""
    right = height.roll(-1, 3) - height.roll(1, 3)
    down = height.roll(-1, 2) - height.roll(1, 2)
    rise = (turn.cos() * right + turn.sin() * down) / 2 * (height.shape[-1] / 64)
    return rise.clamp(-0.3, 0.3)


def shape_lit(normals: Tensor, avatar: Tensor, draw: Draw) -> tuple[Tensor, Tensor]:
    """A few lamps and the room about the face: by how much each place is lit otherwise than from
    in front, float[B,3,S,S], about 1 in the mean, and 1 where no normal is known; and how much skin
    shines, float[B,3,S,S]."""
    known = normals.square().sum(1, keepdim=True) > 0.1
    n = unit(normals) * known
    size = n.shape[-1]
    place = torch.linspace(-1, 1, size, device=n.device, dtype=n.dtype)
    outwards = n[:, :1] * place - n[:, 1:2] * place[:, None]  # of a lamp nearby, sides face less
    wrap = draw.uniform(0, 0.25) * n.new_tensor([1, 0.6, 0.4])[:, None, None]  # light under skin
    lit, shine = torch.zeros_like(n), torch.zeros_like(n)
    heights = heights_of(n)
    for lamp in range(LAMPS):
        side, height = draw.uniform(-1.5, 1.5), draw.uniform(-0.9, 1.3)
        towards = torch.cat(
            [side.sin() * height.cos(), height.sin(), side.cos() * height.cos()], 1
        )  # [B,3,1,1]: right, up, to the camera
        cosine = (n * towards).sum(1, keepdim=True) - draw.uniform(0, 0.35) * outwards
        strength = draw.normal(0.6).exp() * draw.normal(0.12, 3).exp()
        depth = draw.uniform(0, 1.5).clamp_max(1)  # of the shadows: mostly all there is
        shadowed = 1 - seen_by_lamp(heights, towards, draw.uniform(0.1, 1.0))
        strength = strength * (1 - depth * shadowed)
        if lamp:
            strength = strength * draw.chance(0.7)
        else:  # something stands before it, at times
            edge = draw.field(1.0, 1, draw.whole(2, 6), size) - draw.uniform(-1, 2)
            shade = torch.sigmoid(edge / draw.uniform(0.02, 0.4))
            strength = strength * (1 - draw.chance(0.5) * draw.uniform(0.3, 1) * shade)
        lit = lit + strength * ((cosine + wrap) / (1 + wrap)).clamp_min(0)
        between = unit(towards + n.new_tensor([0, 0, 1])[:, None, None])
        soft = (n * between).sum(1, keepdim=True).clamp_min(0).square().square().square()
        shine = shine + strength * torch.lerp(soft, soft.square().square(), draw.uniform(0, 1))
    level = mean(lit.mean(1, keepdim=True), avatar) + DIM
    sky, up = draw.uniform(0.05, 0.8) * draw.normal(0.12, 3).exp(), (n[:, 1:2] + 1) / 2
    lit = lit / level + sky * torch.lerp(draw.uniform(0.2, 1), torch.ones_like(up), up)
    lit = lit / (mean(lit.mean(1, keepdim=True), avatar) + DIM)
    usual = 0.3 + 0.7 * n[:, 2:].clamp_min(0)
    lit = torch.where(known, lit / usual, 1.0)
    return lit, draw.uniform(0, 0.04) * shine / level


def lamps(
    light: Tensor, avatar: Tensor, seen: Tensor, draw: Draw, shape: Tensor | None = None
) -> Tensor:
    """By how much each place is lit otherwise: float[B,3,S,S]. shape: what the face's shape has to
    do with it, see `shape_lit`."""
    size, cells = light.shape[-1], draw.whole(4, 13)
    # Of v's light relative to a render's. Of another render's: c's own mouth must not cancel out.
    usual = coarse((light * avatar).roll(1, 0), cells) / (
        coarse(avatar.roll(1, 0), cells) + 2 * DIM
    )
    as_in_v = (coarse(seen, cells) / (usual + DIM)).clamp(0, 5)
    part = 1.0 if shape is None else 0.4  # what lamps do to a face is in its shape, if known
    free = draw.field(0.7 * part, 1, draw.whole(2, 4), size) + draw.field(0.2 * part, 3, 2, size)
    free = (free + draw.normal(0.4) + draw.normal(0.15, 3)).exp()
    if shape is not None:  # v's light knows it already, but for what is finer than a cell
        broad = coarse(shape * avatar, cells) / (coarse(avatar, cells) + 2 * DIM)
        free, as_in_v = free * shape, as_in_v * (shape / (broad + 0.1)).clamp(0, 4)
    often = 0.65 if shape is None else 0.5
    if len(light) == 1:  # there is no other render
        often = 0.0
    lit = torch.lerp(free, as_in_v, draw.chance(often))
    # Shadows with an edge, soft or hard.
    edge = draw.field(1.0, 1, draw.whole(2, 5), size) - draw.uniform(-0.8, 1.5)
    shade = torch.sigmoid(edge / draw.uniform(0.02, 0.5))
    return lit * (1 - draw.chance(0.6) * draw.uniform(0.05, 0.9) * shade)
