"""What the fast family is built of: narrow 3x3 convolutions, most at a quarter and an eighth of the
size.

Shapes are for width 32 at 256x256.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from train.networks.precision import in_float32


def initialise(module: nn.Module) -> None:
    """He weights. What ends a residual branch starts small, since there may be no norm to tame it,
    and so does what ends in a change of the picture, so that the networks begin near the identity.
    """
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
            if part.bias is not None:
                nn.init.zeros_(part.bias)
    for part in module.modules():
        if isinstance(part, Small):
            with torch.no_grad():
                part.weight.mul_(0.1)


class Small(nn.Conv2d):
    """3x3; `initialise` lets it begin small."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(channels_in, channels_out, 3, 1, 1)


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

    def __init__(self, channels: int, norm: str = "none", expansion: int = 1) -> None:
        """expansion: how many times wider it is between the two convolutions."""
        super().__init__()
        self.first = convolution(channels, expansion * channels, norm)
        self.last = Small(expansion * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.last(self.first(x))
        return out


def stack(channels: int, count: int, norm: str = "none", expansion: int = 1) -> nn.Sequential:
    """Blocks, one after the other."""
    return nn.Sequential(*(Block(channels, norm, expansion) for _ in range(count)))


class Stem(nn.Module):
    """[B,3,256,256] -> a quarter [B,32,64,64] and an eighth [B,64,32,32]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.unshuffle = nn.PixelUnshuffle(4)  # [B,3,256,256] -> [B,48,64,64]
        self.quarter = convolution(48, width)
        self.eighth = convolution(width, 2 * width, stride=2)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        quarter = self.quarter(self.unshuffle(image))
        return quarter, self.eighth(quarter)


class Head(nn.Module):
    """An eighth [B,64,32,32] and a quarter [B,32,64,64] -> a change [B,6,256,256]: by how much to
    multiply each of the three colours, and what to add."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.to_quarter = convolution(2 * width, width)
        self.to_half = convolution(width, width // 2)
        self.to_full = convolution(width // 2, width // 4)
        self.to_change = Small(width // 4, 6)

    def forward(self, eighth: Tensor, quarter: Tensor) -> Tensor:
        # To the quarter's own size: a size that is no multiple of 8 has an odd quarter.
        x = quarter + self.to_quarter(resize(eighth, quarter.shape[2:]))  # [B,32,64,64]
        x = self.to_full(double(self.to_half(double(x))))  # [B,8,256,256]
        return in_float32(self.to_change, x)


class Hourglass(nn.Module):
    """[B,3,256,256] -> features [B,8,256,256]: down to an eighth and back up, each size on the way
    up knowing what was seen of it on the way down, as in U-Net (Ronneberger et al. 2015)."""

    def __init__(self, width: int, blocks: int, norm: str, side: int, expansion: int = 1) -> None:
        """blocks: at an eighth; half as many at a quarter, on either way. side: of the image.
        expansion: of these blocks."""
        super().__init__()
        half, self.channels = _eights(width / 2), _eights(width / 4)
        quarter_side = side // 4
        self.unshuffle = nn.PixelUnshuffle(2)  # [B,3,256,256] -> [B,12,128,128]
        self.down_half = convolution(12, half, norm)
        self.down_quarter = nn.Sequential(
            convolution(half, width, norm, stride=2), *stack(width, blocks // 2, norm, expansion)
        )
        self.down_eighth = convolution(width, 2 * width, norm, stride=2)
        self.place_eighth = Place(2 * width, (quarter_side + 1) // 2)
        self.middle = stack(2 * width, blocks, norm, expansion)
        self.summary = Summary(2 * width)
        self.up_quarter = convolution(2 * width, width, norm)
        self.place_quarter = Place(width, quarter_side)
        self.at_quarter = stack(width, blocks // 2, norm, expansion)
        self.up_half = convolution(width, half, norm)
        self.at_half = Block(half, norm)
        self.up_full = convolution(half, self.channels, norm)

    def forward(self, image: Tensor) -> Tensor:
        half = self.down_half(self.unshuffle(image))  # [B,16,128,128]
        quarter = self.down_quarter(half)  # [B,32,64,64]
        x = self.summary(self.middle(self.place_eighth(self.down_eighth(quarter))))  # [B,64,32,32]
        # To the quarter's own size: a size that is no multiple of 8 has an odd quarter.
        x = self.place_quarter(quarter + self.up_quarter(resize(x, quarter.shape[2:])))
        x = self.at_half(half + self.up_half(double(self.at_quarter(x))))
        out: Tensor = self.up_full(double(x))
        return out


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


class Summary(nn.Module):
    """x + what a few numbers about all of x say: an expression is of the whole face, and neither
    cheek shows it alone."""

    CELLS, CHANNELS, NUMBERS = 8, 32, 128

    def __init__(self, channels: int) -> None:
        super().__init__()
        flat = self.CHANNELS * self.CELLS**2
        self.squeeze = nn.Conv2d(channels, self.CHANNELS, 1)
        self.sum_up = nn.Sequential(nn.Flatten(), nn.Linear(flat, self.NUMBERS), nn.ReLU())
        self.spread = nn.Linear(self.NUMBERS, flat)
        self.expand = nn.Conv2d(self.CHANNELS, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """float[B,C,H,W] -> the same."""
        cells = [self.CELLS, self.CELLS]
        numbers = self.sum_up(resize(self.squeeze(x), cells))
        told = self.spread(numbers).unflatten(1, (self.CHANNELS, *cells))
        out: Tensor = x + resize(self.expand(told), x.shape[2:])
        return out


class Closer(nn.Module):
    """Features of a larger copy of the picture, which shows where edges lie. What there is to do
    those of the smaller one know."""

    def __init__(self, channels: int) -> None:
        """channels: of those features, and of what comes of them."""
        super().__init__()
        self.of_features = nn.Conv2d(channels, channels, 3, 1, 1)
        self.of_copy = nn.Conv2d(3, channels, 3, 1, 1)

    def forward(self, copy: Tensor, features: Tensor) -> Tensor:
        """[B,3,128,128], [B,8,64,64] -> [B,8,128,128]."""
        told = resize(self.of_features(features), copy.shape[2:])
        return torch.relu(told + self.of_copy(copy))


class Refinement(nn.Module):
    """Goes over a change with the features of a larger copy."""

    def __init__(self, channels: int, side: int) -> None:
        """channels: of those features. side: of that copy, pixels."""
        super().__init__()
        self.to_change = Small(channels, 6)
        self.place = Place(6, side)

    def forward(self, change: Tensor, features: Tensor) -> Tensor:
        """[B,6,64,64], [B,8,128,128] -> a finer change [B,6,128,128]."""
        change = resize(change, features.shape[2:])
        finer: Tensor = self.place(change + in_float32(self.to_change, features))
        return finer


class Enlargement(nn.Module):
    """A picture made larger by a sub-pixel convolution (Shi et al. 2016) of itself and of features.
    It begins as the picture stretched."""

    def __init__(self, channels: int, times: int, side: int) -> None:
        """channels: of the features. side: of the picture, pixels."""
        super().__init__()
        self.stretch = nn.Conv2d(3, 3 * times**2, 3, 1, 1, padding_mode="replicate", bias=False)
        self.to_finer = Small(channels, 3 * times**2)
        self.place = Place(3 * times**2, side)
        self.shuffle = nn.PixelShuffle(times)

    def begin(self) -> None:
        """Bilinear: each of the pixels that one becomes is a mean of it and those beside it."""
        times = self.shuffle.upscale_factor
        places = (torch.arange(times) + 0.5) / times - 0.5  # of one pixel's, from its middle
        near = (1 - (places[:, None] - torch.tensor([-1.0, 0.0, 1.0])).abs()).clamp_min(0)
        both = (near[:, None, :, None] * near[:, None, :]).flatten(0, 1)  # [times^2,3,3]
        with torch.no_grad():
            self.stretch.weight.zero_()
            for colour, weights in enumerate(self.stretch.weight.split(times**2)):
                weights[:, colour] = both

    def forward(self, picture: Tensor, features: Tensor) -> Tensor:
        """[B,3,128,128], [B,8,128,128] -> [B,3,256,256]."""
        finer = in_float32(self.stretch, picture) + in_float32(self.to_finer, features)
        out: Tensor = self.shuffle(self.place(finer))
        return out


def smaller(image: Tensor, shrink: int) -> Tensor:
    """A copy `shrink` times smaller."""
    return functional.avg_pool2d(image, shrink) if shrink > 1 else image


def double(x: Tensor) -> Tensor:
    return resize(x, [2 * side for side in x.shape[2:]])


def resize(x: Tensor, size: Sequence[int]) -> Tensor:
    if x.shape[2:] == torch.Size(size):
        return x
    return functional.interpolate(x, size=list(size), mode="bilinear", align_corners=False)
