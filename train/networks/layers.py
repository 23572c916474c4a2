"""What the fast family is built of: narrow 3x3 convolutions at a quarter and an eighth of the size.

Shapes are for width 32 at 256x256.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from train.networks.precision import in_float32


def initialise(module: nn.Module) -> None:
    """He weights. Each residual branch starts small, since there may be no norm to tame it, and so
    does the change of the picture, so that the networks begin near the identity."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
            if part.bias is not None:
                nn.init.zeros_(part.bias)
    for part in module.modules():
        if isinstance(part, Block | Head | Refinement):
            with torch.no_grad():
                (part.last if isinstance(part, Block) else part.to_change).weight.mul_(0.1)


def convolution(
    channels_in: int, channels_out: int, norm: str = "none", stride: int = 1
) -> nn.Sequential:
    """3x3, norm, ReLU."""
    layers: list[nn.Module] = [nn.Conv2d(channels_in, channels_out, 3, stride, 1)]
    if norm == "instance":
        layers.append(nn.InstanceNorm2d(channels_out))
    return nn.Sequential(*layers, nn.ReLU(inplace=True))


class Block(nn.Module):
    """x + conv(ReLU(conv(x)))."""

    def __init__(self, channels: int, norm: str = "none") -> None:
        super().__init__()
        self.first = convolution(channels, channels, norm)
        self.last = nn.Conv2d(channels, channels, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.last(self.first(x))
        return out


def stack(channels: int, count: int, norm: str = "none") -> nn.Sequential:
    """Blocks, one after the other."""
    return nn.Sequential(*(Block(channels, norm) for _ in range(count)))


class Stem(nn.Module):
    """[B,3,256,256] -> a quarter [B,32,64,64] and an eighth [B,64,32,32]."""

    def __init__(self, width: int, norm: str = "none") -> None:
        super().__init__()
        self.unshuffle = nn.PixelUnshuffle(4)  # [B,3,256,256] -> [B,48,64,64]
        self.quarter = convolution(48, width, norm)
        self.eighth = convolution(width, 2 * width, norm, stride=2)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        quarter = self.quarter(self.unshuffle(image))
        return quarter, self.eighth(quarter)


class Head(nn.Module):
    """An eighth [B,64,32,32] and a quarter [B,32,64,64] -> a change [B,6,256,256]: by how much to
    multiply each of the three colours, and what to add.

    `richer`, for who paints details that are not in the picture it is given: blocks at a quarter,
    and more channels after it.
    """

    def __init__(self, width: int, norm: str = "none", richer: int = 0) -> None:
        """`richer`: how many blocks at a quarter."""
        super().__init__()
        half, full = (_eights(2 / 3 * width), _eights(width / 3)) if richer else _thin(width)
        self.to_quarter = convolution(2 * width, width, norm)
        self.at_quarter = stack(width, richer, norm)
        self.to_half = convolution(width, half)
        self.to_full = convolution(half, full)
        self.to_change = nn.Conv2d(full, 6, 3, 1, 1)
        self.channels = full

    def features(self, eighth: Tensor, quarter: Tensor) -> Tensor:
        """What the change is made of: [B,8,256,256], or what `channels` says in place of 8."""
        # To the quarter's own size: a size that is no multiple of 8 has an odd quarter.
        x = quarter + self.to_quarter(resize(eighth, quarter.shape[2:]))  # [B,32,64,64]
        x = self.to_half(double(self.at_quarter(x)))  # [B,16,128,128]
        out: Tensor = self.to_full(double(x))  # [B,8,256,256]
        return out

    def change(self, features: Tensor) -> Tensor:
        """Of those features."""
        return in_float32(self.to_change, features)


def _thin(width: int) -> tuple[int, int]:
    return width // 2, width // 4


def _eights(channels: float) -> int:
    """The nearest multiple of 8, which convolutions on a CPU are made for."""
    return 8 * max(1, round(channels / 8))


class Place(nn.Module):
    """x + a map that is learnt: what the avatar's picture always has at a place, such as its
    outline, its neck and the black around it. A convolution has no way to know where it is."""

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.map = nn.Parameter(torch.zeros(1, channels, side, side))

    def forward(self, x: Tensor) -> Tensor:
        """float[B,channels,side,side] -> the same."""
        return x + self.map


class Refinement(nn.Module):
    """Goes over a change with a larger copy of the picture, which shows where its edges lie.

    It need not find out what there is to do: the features behind the change say that."""

    def __init__(self, channels: int, side: int) -> None:
        """channels: of those features. side: of that copy, pixels."""
        super().__init__()
        thin = _eights(channels / 2)
        self.of_features = nn.Conv2d(channels, thin, 3, 1, 1)
        self.of_copy = nn.Conv2d(3, thin, 3, 1, 1)
        self.to_change = nn.Conv2d(thin, 6, 3, 1, 1)
        self.place = Place(6, side)

    def forward(self, copy: Tensor, change: Tensor, features: Tensor) -> Tensor:
        """[B,3,128,128], [B,6,64,64], [B,8,64,64] -> a finer change [B,6,128,128]."""
        size = copy.shape[2:]
        joined = torch.relu(resize(self.of_features(features), size) + self.of_copy(copy))
        finer: Tensor = self.place(resize(change, size) + in_float32(self.to_change, joined))
        return finer


def smaller(image: Tensor, shrink: int) -> Tensor:
    """A copy `shrink` times smaller."""
    return functional.avg_pool2d(image, shrink) if shrink > 1 else image


def double(x: Tensor) -> Tensor:
    return resize(x, [2 * side for side in x.shape[2:]])


def resize(x: Tensor, size: Sequence[int]) -> Tensor:
    if x.shape[2:] == torch.Size(size):
        return x
    return functional.interpolate(x, size=list(size), mode="bilinear", align_corners=False)
