"""The paper's generators (Sec. 3.5): CycleGAN's translator with four residual blocks.

Shapes below are for width 64 at 256x256. Where the paper is silent: instance norm has no affine
part and no running statistics, so a network computes the same in training and use; strided
convolutions pad with zeros; a convolution before a norm has no bias; r is not squashed.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from train.networks.precision import as_float32, in_float32


def initialise(module: nn.Module) -> None:
    """N(0, 0.02) weights and zero biases, as CycleGAN."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(part.weight, 0.0, 0.02)
            if part.bias is not None:
                nn.init.zeros_(part.bias)


def _normed(convolution: nn.Module, channels: int) -> nn.Sequential:
    return nn.Sequential(convolution, nn.InstanceNorm2d(channels), nn.ReLU(inplace=True))


def stem(width: int) -> nn.Sequential:
    """[B,3,256,256] -> [B,256,64,64]: a 7x7 convolution, then two of stride 2."""
    return nn.Sequential(
        nn.ReflectionPad2d(3),
        _normed(nn.Conv2d(3, width, 7, bias=False), width),
        _normed(nn.Conv2d(width, 2 * width, 3, 2, 1, bias=False), 2 * width),
        _normed(nn.Conv2d(2 * width, 4 * width, 3, 2, 1, bias=False), 4 * width),
    )


class Head(nn.Sequential):
    """[B,channels_in,64,64] -> [B,3,256,256] in -1..1: two transposed convolutions and a 7x7."""

    def __init__(self, width: int, channels_in: int) -> None:
        super().__init__(
            _normed(_double(channels_in, 2 * width), 2 * width),
            _normed(_double(2 * width, width), width),
            nn.ReflectionPad2d(3),
            nn.Conv2d(width, 3, 7),
            nn.Tanh(),
        )

    def forward(self, x: Tensor) -> Tensor:
        *ups, pad, convolution, tanh = self
        for up in ups:
            x = up(x)
        return in_float32(lambda features: tanh(convolution(pad(features))), x)


def _double(channels_in: int, channels_out: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(channels_in, channels_out, 3, 2, 1, output_padding=1, bias=False)


class ResidualBlock(nn.Module):
    """x + IN(conv(ReLU(IN(conv(x))))), without a ReLU after the sum."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.ReflectionPad2d(1),
            _normed(nn.Conv2d(channels, channels, 3, bias=False), channels),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=False),
            nn.InstanceNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.body(x)
        return out


def _blocks(channels: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(ResidualBlock(channels) for _ in range(count)))


class Content(nn.Sequential):
    """D_C: v -> c'. 5.48M parameters, 25.4 GMAC at 256x256."""

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__(stem(width), _blocks(4 * width, blocks), Head(width, 4 * width))
        initialise(self)


class ResidualStream(nn.Module):
    """D_R: v -> r, tapped after the stem, after half of the blocks and after all of them.

    It ends before the transposed convolutions: each map is [B,256,64,64].
    """

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        self.stem = stem(width)
        self.first = _blocks(4 * width, blocks // 2)
        self.second = _blocks(4 * width, blocks // 2)
        initialise(self)

    def forward(self, v: Tensor) -> list[Tensor]:
        r1 = self.stem(v)
        r2 = self.first(r1)
        return [as_float32(r) for r in (r1, r2, self.second(r2))]


class Entangler(nn.Module):
    """E: (c, r) -> v'. D_C's shape; each map of r joins where D_R made it."""

    def __init__(self, width: int, blocks: int, fuse: str) -> None:
        super().__init__()
        base = 4 * width
        self.stem = stem(width)
        self.fuse1, self.fuse2 = _fuse(base, fuse), _fuse(base, fuse)
        widths = (2 * base, 3 * base) if fuse == "grow" else (base, base)
        self.first = _blocks(widths[0], blocks // 2)
        self.second = _blocks(widths[1], blocks // 2)
        self.head = Head(width, widths[1] + base)
        initialise(self)

    def forward(self, c: Tensor, r: list[Tensor]) -> Tensor:
        x = self.stem(c)  # [B,256,64,64]
        x = self.first(self.fuse1(torch.cat([x, r[0]], 1)))
        x = self.second(self.fuse2(torch.cat([x, r[1]], 1)))
        out: Tensor = self.head(torch.cat([x, r[2]], 1))
        return out


def _fuse(base: int, fuse: str) -> nn.Module:
    """What follows the concatenation with a map of r."""
    if fuse == "grow":
        return nn.Identity()
    kernel = int(fuse[0])
    return nn.Conv2d(2 * base, base, kernel, padding=kernel // 2)
