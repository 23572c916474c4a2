"""How the headset sits: four numbers that D finds, D takes out of v, and E puts back into v'.

A headset never sits twice in the same place, and C shows the avatar from one. Convolutions are slow
to learn to move a whole face, so the fast family does it by a similarity transform. The adversary
of C, which sees where in the picture a patch lies, is there to teach it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from train.networks.precision import in_float32

LIMIT = 0.15
"""Of each number at each look: shift right and down as a part of half the picture, log of the
scale, and turn in radians. Some 19 px of shift at 256, 16 % of scale, 9 degrees."""
_SEEN_PX = 64
"""Side of the copy in which the pose is looked for: it is the same net at every size."""


class Pose(nn.Module):
    """v float[B,3,H,W] -> pose float[B,4,1,1]; zero is the place of C.

    It looks twice: at v, and at what v is once the first answer is taken out. What is left to find
    then is small, and can be found exactly; a mouth that is a pixel off reads as another one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.first = _Look()
        self.second = _Look()
        self.begin()

    def begin(self) -> None:
        """As it is before it has learnt anything: every pose is about zero."""
        for look in (self.first, self.second):
            nn.init.normal_(look.last.weight, 0, 1e-3)
            nn.init.zeros_(look.last.bias)

    def forward(self, v: Tensor) -> Tensor:
        return in_float32(self._find, v)

    def _find(self, v: Tensor) -> Tensor:
        small = functional.avg_pool2d(v, max(1, min(v.shape[2:]) // _SEEN_PX))
        if small.shape[2:] != (_SEEN_PX, _SEEN_PX):
            small = functional.interpolate(small, size=(_SEEN_PX, _SEEN_PX), mode="bilinear")
        first: Tensor = self.first(small)
        return together(first, self.second(take_out(small, first)))


class _Look(nn.Module):
    """float[B,3,64,64] -> a pose float[B,4,1,1] in -LIMIT..LIMIT."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *(nn.Conv2d(3, 24, 5, 2, 2), nn.ReLU(inplace=True)),  # 32x32
            *(nn.Conv2d(24, 48, 3, 2, 1), nn.ReLU(inplace=True)),  # 16x16
            *(nn.Conv2d(48, 64, 3, 2, 1), nn.ReLU(inplace=True)),  # 8x8
            *(nn.Conv2d(64, 64, 3, 2, 1), nn.ReLU(inplace=True)),  # 4x4
            *(nn.Flatten(), nn.Linear(64 * 4 * 4, 128), nn.ReLU(inplace=True)),
        )
        self.last = nn.Linear(128, 4)

    def forward(self, small: Tensor) -> Tensor:
        pose: Tensor = LIMIT * torch.tanh(self.last(self.body(small)))  # [B,4]
        if self.training:  # where a run diverges grid_sample would write outside of its memory
            pose = pose.nan_to_num()
        return pose[:, :, None, None]


def together(first: Tensor, second: Tensor) -> Tensor:
    """The pose that takes out at once what `first` and then `second` take out."""
    right, down, log_scale, turn = second.chunk(4, 1)
    *shift, outer_scale, outer_turn = first.chunk(4, 1)
    along, across = outer_scale.exp() * outer_turn.cos(), outer_scale.exp() * outer_turn.sin()
    moved = (along * right - across * down, across * right + along * down)
    shifts = [a + b for a, b in zip(shift, moved, strict=True)]
    return torch.cat([*shifts, outer_scale + log_scale, outer_turn + turn], 1)


def take_out(image: Tensor, pose: Tensor) -> Tensor:
    """What was seen at `pose` as if from C's place: float[B,3,H,W] -> the same."""
    return _warp(image, _matrix(pose))


def put_back(image: Tensor, pose: Tensor) -> Tensor:
    """The inverse of `take_out`, but for what had left the picture: the border stands in for it."""
    turn_and_scale, shift = _matrix(pose).split([2, 1], dim=2)
    inverse = torch.linalg.inv(turn_and_scale)
    return _warp(image, torch.cat([inverse, -inverse @ shift], 2))


def _matrix(pose: Tensor) -> Tensor:
    """From places in the result to places in the image, both -1..1: float[B,2,3]."""
    right, down, log_scale, turn = pose.flatten(1).unbind(1)
    along, across = log_scale.exp() * turn.cos(), log_scale.exp() * turn.sin()
    rows = (along, -across, right), (across, along, down)
    return torch.stack([torch.stack(row, 1) for row in rows], 1)


def _warp(image: Tensor, matrix: Tensor) -> Tensor:
    height, width = image.shape[2:]
    x, y = _centres(width, image)[:, None], _centres(height, image)[:, None, None]
    # Sums of a row and a column; affine_grid multiplies matrices, which ONNX Runtime does slowly,
    # and stacking two planes of places takes longer than sampling at them.
    by_x, by_y, shift = (column[:, None, None] for column in matrix.unbind(2))  # [B,1,1,2]
    grid = by_x * x + by_y * y + shift  # [B,H,W,2]
    return in_float32(
        lambda x: functional.grid_sample(x, grid, padding_mode="border", align_corners=False), image
    )


def _centres(count: int, like: Tensor) -> Tensor:
    """Where `count` pixels lie in a row, -1..1 from edge to edge."""
    first = 1 / count - 1
    return torch.linspace(first, -first, count, device=like.device, dtype=torch.float32)
