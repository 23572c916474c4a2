"""Where a render stands and what takes it: a room, a headset that sits askew, lens and sensor."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from train.disturb.draw import GAMMA, Draw, sample, soften


def room(seen: Tensor, draw: Draw) -> Tensor:
    """Something to stand behind the avatar: a part of another v, either way round."""
    part = draw.uniform(0.3, 1.0)
    turned = part * (1 - 2 * draw.chance(0.5))
    right, down = draw.uniform(-1, 1) * (1 - part), draw.uniform(-1, 1) * (1 - part)
    zero = torch.zeros_like(part)
    rows = torch.cat([turned, zero, right], 3), torch.cat([zero, part, down], 3)
    grid = functional.affine_grid(torch.cat(rows, 2)[:, 0], list(seen.shape), align_corners=False)
    return sample(seen.roll(-1, 0), grid) * draw.normal(0.5).exp()


def worn(light: Tensor, draw: Draw) -> Tensor:
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
    return sample(light, grid * (1 + tilt))


def sensed(light: Tensor, draw: Draw) -> Tensor:
    """Exposed, out of focus, with noise: -1..1."""
    size = light.shape[-1]
    place = torch.linspace(-1, 1, size, device=light.device)
    far = place.square()[:, None] + place.square()
    light = light * draw.normal(0.25).exp() * (1 - draw.uniform(0, 0.35) * far)
    # Mostly little of both: a copy of a camera's picture is sharper than the picture, and quieter.
    light = torch.lerp(light, soften(light), 0.6 * draw.uniform(0, 1).square())
    picture = light.clamp(1e-4, 1) ** (1 / GAMMA)
    picture = picture + 0.03 * draw.uniform(0, 1).square() * draw.normal(1.0, 3, size)
    return picture.clamp(0, 1) * 2 - 1
