"""`disturb`: a render as a headset's camera might have seen it, made up: light, room, fit, sensor.

D_C practises on such pictures, because what it has to find in them is known: the render itself
(`cycles.restoration`). Light and rooms are those of unrelated pictures of V, roughly; everything
else is drawn, wider than any camera needs. Nothing here knows how V comes about.

What is drawn comes from one generator, on the CPU, so the same one gives the same pictures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

GAMMA = 2.2
"""Between a picture's values and light."""
BLACK = 0.02
"""The avatar is where a render is lighter than this (0..1); domain C is black elsewhere."""
LAMPS = 3
"""That light a face whose normals are known; some of them are off."""
DIM = 0.02
"""Added to a divisor, so that hardly any light is not a divisor."""
STEEPEST = 3.0
"""A slope, height over way: what is steeper is an outline, behind which nobody knows."""
ON_THE_WAY = (1.5, 2.5, 4.0, 6.0, 9.0, 13.0, 18.0, 25.0)
"""How far from a place, in 64ths of the picture, it is looked for what stands before a lamp."""
CLEAR = 0.7
"""What stands so little higher, in 64ths of the picture, is the place itself."""


@dataclass(frozen=True, slots=True)
class _Draw:
    """Random numbers for each of some pictures float[B,C,H,W]."""

    rng: torch.Generator
    like: Tensor
    """How many, where and how precise."""

    def uniform(self, low: float, high: float, channels: int = 1) -> Tensor:
        drawn = torch.rand(len(self.like), channels, 1, 1, generator=self.rng)
        return low + (high - low) * drawn.to(self.like)

    def normal(self, spread: float, channels: int = 1, size: int = 1) -> Tensor:
        """float[B,channels,size,size]."""
        drawn = torch.randn(len(self.like), channels, size, size, generator=self.rng)
        return spread * drawn.to(self.like)

    def chance(self, part: float) -> Tensor:
        """1 with this probability, else 0."""
        return (self.uniform(0, 1) < part).to(self.like)

    def whole(self, low: int, high: int) -> int:
        """One of low..high, the same for all pictures."""
        return int(torch.randint(low, high + 1, (1,), generator=self.rng))

    def field(self, spread: float, channels: int, cells: int, size: int) -> Tensor:
        """Smooth noise, `cells` features across: float[B,channels,size,size]."""
        return _stretch(self.normal(spread, channels, cells), size)


@torch.no_grad()
def disturb(c: Tensor, v: Tensor, rng: torch.Generator, normals: Tensor | None = None) -> Tensor:
    """Renders float[B,3,S,S] and as many unrelated pictures of V -> disturbed renders, alike in
    shape and range (-1..1).

    normals: the renders' normal passes, float[B,3,S,S]: right, up and towards the camera, -1..1,
    0 where nothing is. Lamps then light the avatar's own shape; None: what its light tells of it.
    """
    draw = _Draw(rng, c)
    light, seen = _light_of(c), _light_of(v)
    avatar = (c.amax(1, keepdim=True) > 2 * BLACK - 1).to(c)
    painted = light * _materials(light, avatar, draw)
    if normals is None:
        shape = _relief(light, avatar, draw)
        light = painted * shape * _lamps(light, avatar, seen, draw)
    else:
        shape, sheen = _shape_lit(normals, avatar, draw)
        light = painted * _lamps(light, avatar, seen, draw, shape) + avatar * sheen
    # A render's outermost pixels are half black already.
    light = torch.lerp(_room(seen, draw), light, (2 * _soften(avatar) - 1).clamp_min(0))
    return _sensed(_worn(light, draw), draw)


def _light_of(picture: Tensor) -> Tensor:
    """-1..1 -> linear, 0..1."""
    return ((picture + 1) / 2).clamp_min(0) ** GAMMA


def _materials(light: Tensor, avatar: Tensor, draw: _Draw) -> Tensor:
    """How much lighter colourful and bright places become: teeth are not always as bright."""
    most, least = light.amax(1, keepdim=True), light.amin(1, keepdim=True)
    colourful = (most - least) / (most + DIM)
    bright = light.mean(1, keepdim=True)
    colourful = colourful - _mean(colourful, avatar)
    bright = (bright / (_mean(bright, avatar) + DIM) - 1).clamp(-1, 2)
    change = (draw.normal(1.2) + 0.5) * colourful + (draw.normal(0.4) + 0.2) * bright
    return change.clamp(-2, 1).exp()


def _relief(light: Tensor, avatar: Tensor, draw: _Draw) -> Tensor:
    """By how much each place is lit otherwise because of the face's shape: float[B,1,S,S].

    Nobody knows the shape. But a render is lit from in front, so what is darker in it lies deeper,
    roughly: a lamp at a side lights the slopes that face it, and one in front the valleys less, or
    more, than the renders' own lamps do.
    """
    size = light.shape[-1]
    height = (light.mean(1, keepdim=True) + DIM).log() * avatar
    turn = draw.uniform(0, 2 * math.pi)
    fine = draw.normal(2.5) * _slope(_soften(height), turn)
    broad = draw.normal(4.0) * _slope(_spots(height, draw.whole(6, 16)), turn)
    valleys = draw.normal(0.5) * (height - _spots(height, 8))
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


def _shape_lit(normals: Tensor, avatar: Tensor, draw: _Draw) -> tuple[Tensor, Tensor]:
    """A few lamps and the room about the face: by how much each place is lit otherwise than from
    in front, float[B,3,S,S], about 1 in the mean; and how much skin shines, float[B,3,S,S]."""
    n = functional.normalize(normals, dim=1) * (normals.square().sum(1, keepdim=True) > 0.1)
    size = n.shape[-1]
    place = torch.linspace(-1, 1, size, device=n.device, dtype=n.dtype)
    outwards = n[:, :1] * place - n[:, 1:2] * place[:, None]  # of a lamp nearby, sides face less
    wrap = draw.uniform(0, 0.25) * n.new_tensor([1, 0.6, 0.4])[:, None, None]  # light under skin
    lit, shine = torch.zeros_like(n), torch.zeros_like(n)
    heights = _heights(n)
    for lamp in range(LAMPS):
        side, height = draw.uniform(-1.5, 1.5), draw.uniform(-0.9, 1.3)
        towards = torch.cat(
            [side.sin() * height.cos(), height.sin(), side.cos() * height.cos()], 1
        )  # [B,3,1,1]: right, up, to the camera
        cosine = (n * towards).sum(1, keepdim=True) - draw.uniform(0, 0.35) * outwards
        strength = draw.normal(0.6).exp() * draw.normal(0.12, 3).exp()
        depth = draw.uniform(0, 1.5).clamp_max(1)  # of the shadows: mostly all there is
        shadowed = 1 - _seen_by_lamp(heights, towards, draw.uniform(0.1, 1.0))
        strength = strength * (1 - depth * shadowed)
        if lamp:
            strength = strength * draw.chance(0.7)
        else:  # something stands before it, at times
            edge = draw.field(1.0, 1, draw.whole(2, 6), size) - draw.uniform(-1, 2)
            shade = torch.sigmoid(edge / draw.uniform(0.02, 0.4))
            strength = strength * (1 - draw.chance(0.5) * draw.uniform(0.3, 1) * shade)
        lit = lit + strength * ((cosine + wrap) / (1 + wrap)).clamp_min(0)
        between = functional.normalize(towards + n.new_tensor([0, 0, 1])[:, None, None], dim=1)
        soft = (n * between).sum(1, keepdim=True).clamp_min(0).square().square().square()
        shine = shine + strength * torch.lerp(soft, soft.square().square(), draw.uniform(0, 1))
    level = _mean(lit.mean(1, keepdim=True), avatar) + DIM
    sky, up = draw.uniform(0.05, 0.8) * draw.normal(0.12, 3).exp(), (n[:, 1:2] + 1) / 2
    lit = lit / level + sky * torch.lerp(draw.uniform(0.2, 1), torch.ones_like(up), up)
    lit = lit / (_mean(lit.mean(1, keepdim=True), avatar) + DIM)
    usual = 0.3 + 0.7 * n[:, 2:].clamp_min(0)
    return lit / usual, draw.uniform(0, 0.04) * shine / level


def _heights(n: Tensor) -> Tensor:
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


def _seen_by_lamp(heights: Tensor, towards: Tensor, soft: Tensor) -> Tensor:
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


def _lamps(
    light: Tensor, avatar: Tensor, seen: Tensor, draw: _Draw, shape: Tensor | None = None
) -> Tensor:
    """By how much each place is lit otherwise: float[B,3,S,S]. shape: what the face's shape has to
    do with it, see `_shape_lit`."""
    size, cells = light.shape[-1], draw.whole(4, 13)
    # Of v's light relative to a render's. Of another render's: c's own mouth must not cancel out.
    usual = _coarse((light * avatar).roll(1, 0), cells) / (
        _coarse(avatar.roll(1, 0), cells) + 2 * DIM
    )
    as_in_v = (_coarse(seen, cells) / (usual + DIM)).clamp(0, 5)
    part = 1.0 if shape is None else 0.4  # what lamps do to a face is in its shape, if known
    free = draw.field(0.7 * part, 1, draw.whole(2, 4), size) + draw.field(0.2 * part, 3, 2, size)
    free = (free + draw.normal(0.4) + draw.normal(0.15, 3)).exp()
    if shape is not None:  # v's light knows it already, but for what is finer than a cell
        coarse = _coarse(shape * avatar, cells) / (_coarse(avatar, cells) + 2 * DIM)
        free, as_in_v = free * shape, as_in_v * (shape / (coarse + 0.1)).clamp(0, 4)
    lit = torch.lerp(free, as_in_v, draw.chance(0.65 if shape is None else 0.5))
    # Shadows with an edge, soft or hard.
    edge = draw.field(1.0, 1, draw.whole(2, 5), size) - draw.uniform(-0.8, 1.5)
    shade = torch.sigmoid(edge / draw.uniform(0.02, 0.5))
    return lit * (1 - draw.chance(0.6) * draw.uniform(0.05, 0.9) * shade)


def _room(seen: Tensor, draw: _Draw) -> Tensor:
    """Something to stand behind the avatar: a part of another v, either way round."""
    part = draw.uniform(0.3, 1.0)
    turned = part * (1 - 2 * draw.chance(0.5))
    right, down = draw.uniform(-1, 1) * (1 - part), draw.uniform(-1, 1) * (1 - part)
    zero = torch.zeros_like(part)
    rows = torch.cat([turned, zero, right], 3), torch.cat([zero, part, down], 3)
    grid = functional.affine_grid(torch.cat(rows, 2)[:, 0], list(seen.shape), align_corners=False)
    return _sample(seen.roll(-1, 0), grid) * draw.normal(0.5).exp()


def _worn(light: Tensor, draw: _Draw) -> Tensor:
    """Seen from where a headset that sits askew holds its camera, through its lens."""
    turn, scale = draw.normal(0.04), draw.normal(0.03).exp()
    along, across = scale * turn.cos(), scale * turn.sin()
    right, down = draw.normal(0.055), draw.normal(0.055)
    rows = torch.cat([along, -across, right], 3), torch.cat([across, along, down], 3)
    grid = functional.affine_grid(
        torch.cat(rows, 2)[:, 0], list(light.shape), align_corners=False
    )  # [B,S,S,2]: right and down, -1..1
    bend = draw.normal(0.02) + 0.012
    grid = grid * (1 + bend * grid.square().sum(3, keepdim=True))
    tilt = (torch.cat([draw.normal(0.03), draw.normal(0.03)], 3) * grid).sum(3, keepdim=True)
    return _sample(light, grid * (1 + tilt))


def _sensed(light: Tensor, draw: _Draw) -> Tensor:
    """Exposed, out of focus, with noise: -1..1."""
    size = light.shape[-1]
    place = torch.linspace(-1, 1, size, device=light.device)
    far = place.square()[:, None] + place.square()
    light = light * draw.normal(0.25).exp() * (1 - draw.uniform(0, 0.35) * far)
    # Mostly little of both: a copy of a camera's picture is sharper than the picture, and quieter.
    light = torch.lerp(light, _soften(light), 0.6 * draw.uniform(0, 1).square())
    picture = light.clamp(1e-4, 1) ** (1 / GAMMA)
    picture = picture + 0.03 * draw.uniform(0, 1).square() * draw.normal(1.0, 3, size)
    return picture.clamp(0, 1) * 2 - 1


def _mean(values: Tensor, where: Tensor) -> Tensor:
    """Over the places where `where` is 1, of each picture: float[B,C,1,1]."""
    total = where.sum((2, 3), keepdim=True)
    return (values * where).sum((2, 3), keepdim=True) / (total + 1)


def _coarse(picture: Tensor, cells: int) -> Tensor:
    """What is left of light in `cells` x `cells` smooth spots."""
    return _spots(picture, cells).clamp_min(0)


def _spots(picture: Tensor, cells: int) -> Tensor:
    return _stretch(functional.adaptive_avg_pool2d(picture, cells), picture.shape[-1])


def _stretch(field: Tensor, size: int) -> Tensor:
    return functional.interpolate(field, size=(size, size), mode="bicubic", align_corners=False)


def _soften(picture: Tensor) -> Tensor:
    """Blurred by about a hundredth of its side."""
    size = picture.shape[-1]
    radius = max(1, round(size / 128))
    padded = functional.pad(picture, (radius,) * 4, mode="replicate")
    return functional.avg_pool2d(padded, 2 * radius + 1, 1)


def _sample(picture: Tensor, grid: Tensor) -> Tensor:
    """Bicubic: bilinear takes away the detail that tells small movements apart."""
    return functional.grid_sample(
        picture, grid, mode="bicubic", padding_mode="reflection", align_corners=False
    )
