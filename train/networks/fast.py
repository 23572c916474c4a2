"""The fast family: the same roles as the paper's generators at a fortieth of the arithmetic.

What makes it fast on a CPU: `pixel_unshuffle(4)` in place of full-resolution convolutions, plain
narrow 3x3 convolutions (they beat depthwise-separable ones there), most of them at 1/8 resolution.

The output head is bilinear x2 steps with thin convolutions. A pixel-shuffle head is cheaper, but
it paints a 4x4 grid that the adversary spots at once, and training stops.

D_C and E do not paint their picture from nothing: they say by how much to multiply each value of
the picture that they were given, and what to add. So both begin as the identity, which has the
right expression and the wrong light, and detail need not pass through the narrow middle. D first
takes the headset's pose out of v, E last puts it back (pose.py).

A change is smoother than the picture that it is made to, so it may be found on a smaller copy and
stretched (`NetworkConfig.seen`): a quarter of the arithmetic, and what was trained on small images
serves large ones as it is. D_C may then go over it on a copy between the two (`refined`), from
coarse to fine as the generators of pix2pixHD.

Shapes below are for width 32 at 256x256.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from train.networks.disentangler import Disentangler, Residual
from train.networks.pose import Pose, put_back, take_out
from train.networks.precision import as_float32, in_float32


def _initialise(module: nn.Module) -> None:
    """He weights. Each residual branch starts small, since there may be no norm to tame it, and so
    does the change of the picture, so that the networks begin near the identity."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
            if part.bias is not None:
                nn.init.zeros_(part.bias)
    for part in module.modules():
        if isinstance(part, Block | Head):
            with torch.no_grad():
                (part.last if isinstance(part, Block) else part.to_change).weight.mul_(0.1)


def _convolution(
    channels_in: int, channels_out: int, norm: str = "none", stride: int = 1
) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Conv2d(channels_in, channels_out, 3, stride, 1)]
    if norm == "instance":
        layers.append(nn.InstanceNorm2d(channels_out))
    return nn.Sequential(*layers, nn.ReLU(inplace=True))


class Block(nn.Module):
    """x + conv(ReLU(conv(x)))."""

    def __init__(self, channels: int, norm: str = "none") -> None:
        super().__init__()
        self.first = _convolution(channels, channels, norm)
        self.last = nn.Conv2d(channels, channels, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.last(self.first(x))
        return out


def _blocks(channels: int, count: int, norm: str = "none") -> nn.Sequential:
    return nn.Sequential(*(Block(channels, norm) for _ in range(count)))


class Stem(nn.Module):
    """[B,3,256,256] -> a quarter [B,32,64,64] and an eighth [B,64,32,32]; of a copy `shrink` times
    smaller, if that is not 1."""

    def __init__(self, width: int, norm: str = "none", shrink: int = 1, channels: int = 3) -> None:
        super().__init__()
        self.shrink = shrink
        self.unshuffle = nn.PixelUnshuffle(4)  # [B,3,256,256] -> [B,48,64,64]
        self.quarter = _convolution(16 * channels, width, norm)
        self.eighth = _convolution(width, 2 * width, norm, stride=2)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        quarter = self.quarter(self.unshuffle(_copy(image, self.shrink)))
        return quarter, self.eighth(quarter)


def _copy(image: Tensor, shrink: int) -> Tensor:
    return functional.avg_pool2d(image, shrink) if shrink > 1 else image


class Head(nn.Module):
    """An eighth [B,64,32,32] and a quarter [B,32,64,64] -> a change [B,6,256,256]: by how much to
    multiply each of the three colours, and what to add (`_changed`)."""

    def __init__(self, width: int, norm: str = "none") -> None:
        super().__init__()
        self.to_quarter = _convolution(2 * width, width, norm)
        self.to_half = _convolution(width, width // 2)
        self.to_full = _convolution(width // 2, width // 4)
        self.to_change = nn.Conv2d(width // 4, 6, 3, 1, 1)

    def forward(self, eighth: Tensor, quarter: Tensor) -> Tensor:
        # To the quarter's own size: a size that is no multiple of 8 has an odd quarter.
        x = quarter + self.to_quarter(_resize(eighth, quarter.shape[2:]))  # [B,32,64,64]
        x = self.to_half(_double(x))  # [B,16,128,128]
        x = self.to_full(_double(x))  # [B,8,256,256]
        return in_float32(self.to_change, x)


def _changed(image: Tensor, change: Tensor) -> Tensor:
    """The image with a change made to it, which is stretched if the image is larger."""
    image = as_float32(image)
    gain, offset = _resize(change, image.shape[2:]).chunk(2, 1)  # [B,3,256,256] each
    return image + gain * image + offset


def _finished(picture: Tensor, training: bool) -> Tensor:
    """In -1..1. In training the losses must see what lies beyond, or nothing brings it back."""
    return picture if training else picture.clamp(-1, 1)


def _double(x: Tensor) -> Tensor:
    return _resize(x, [2 * side for side in x.shape[2:]])


def _resize(x: Tensor, size: Sequence[int]) -> Tensor:
    if x.shape[2:] == torch.Size(size):
        return x
    return functional.interpolate(x, size=list(size), mode="bilinear", align_corners=False)


class Refinement(nn.Module):
    """A second look, at a copy `shrink` times smaller than the image: (image [B,3,256,256], the
    change that is to be made to it) -> a finer change [B,6,128,128]."""

    def __init__(self, width: int, blocks: int, norm: str, shrink: int) -> None:
        super().__init__()
        self.shrink = shrink
        self.stem = Stem(width, norm, channels=6)
        self.blocks = _blocks(2 * width, blocks, norm)
        self.head = Head(width, norm)

    def forward(self, image: Tensor, change: Tensor) -> Tensor:
        copy = _copy(image, self.shrink)
        change = _resize(change, copy.shape[2:])
        quarter, eighth = self.stem(torch.cat([_changed(copy, change), copy], 1))
        more = self.head(self.blocks(eighth), quarter)
        # One change after the other is one change: (1 + b)((1 + a) x + s) + t.
        gain, offset = change.chunk(2, 1)
        more_gain, more_offset = more.chunk(2, 1)
        gain, offset = (t + more_gain * t for t in (gain, offset))
        return torch.cat([gain + more_gain, offset + more_offset], 1)


class Content(nn.Module):
    """D_C: v -> c'."""

    def __init__(
        self,
        width: int,
        blocks: int,
        norm: str,
        *,
        aligns: bool = True,
        shrink: int = 1,
        refined_shrink: int | None = None,
    ) -> None:
        """`aligns`: take the headset's pose out first. Not for CycleGAN, which has no r for it.
        `refined_shrink`: of the copy for the second look, if there is to be one."""
        super().__init__()
        self.pose = Pose() if aligns else None
        self.stem = Stem(width, norm, shrink)
        self.blocks = _blocks(2 * width, blocks, norm)
        self.head = Head(width, norm)
        self.refinement = (
            Refinement(width, blocks // 2, norm, refined_shrink) if refined_shrink else None
        )
        _initialise(self)

    def forward(self, v: Tensor) -> Tensor:
        return self.translate(v if self.pose is None else self.align(v)[0])

    def align(self, v: Tensor) -> tuple[Tensor, Tensor]:
        """v with its pose taken out, and the pose, [B,4,1,1]."""
        assert self.pose is not None
        pose: Tensor = self.pose(v)
        return take_out(v, pose), pose

    def translate(self, aligned: Tensor) -> Tensor:
        """What is left to do once the pose is taken out."""
        quarter, eighth = self.stem(aligned)
        change = self.head(self.blocks(eighth), quarter)
        if self.refinement is not None:
            change = self.refinement(aligned, change)
        return _finished(_changed(aligned, change), self.training)


class AligningDisentangler(Disentangler):
    """D whose two parts see v with its pose taken out; the pose is the last part of r."""

    content: Content

    def forward(self, v: Tensor) -> tuple[Tensor, Residual]:
        aligned, pose = self.content.align(v)
        return self.content.translate(aligned), [*self.residual(aligned), pose]

    def find_residual(self, v: Tensor) -> Residual:
        aligned, pose = self.content.align(v)
        return [*self.residual(aligned), pose]


class ResidualStream(nn.Module):
    """D_R: aligned v -> r but for its pose, [B,32,64,64], [B,64,32,32], [B,64,32,32] in -1..1:
    after the stem's two resolutions and after all blocks.

    No instance norm: it would take out the overall brightness and colour, which are what r is for.
    The tanh keeps r from growing without bound in its place.
    """

    def __init__(self, width: int, blocks: int, shrink: int = 1) -> None:
        super().__init__()
        self.stem = Stem(width, shrink=shrink)
        self.blocks = _blocks(2 * width, blocks)
        _initialise(self)

    def forward(self, v: Tensor) -> list[Tensor]:
        quarter, eighth = self.stem(v)
        return [torch.tanh(as_float32(m)) for m in (quarter, eighth, self.blocks(eighth))]


class Entangler(nn.Module):
    """E: (c, r) -> v'. Each map of r joins at its resolution, through a 1x1 convolution; its pose
    moves the picture in the end.

    No instance norm, so that E can paint the brightness that r tells it.
    """

    def __init__(self, width: int, blocks: int, shrink: int = 1) -> None:
        super().__init__()
        self.stem = Stem(width, shrink=shrink)
        self.fuse_quarter = nn.Conv2d(2 * width, width, 1)
        self.fuse_first = nn.Conv2d(4 * width, 2 * width, 1)
        self.fuse_last = nn.Conv2d(4 * width, 2 * width, 1)
        self.first = _blocks(2 * width, blocks // 2)
        self.second = _blocks(2 * width, blocks // 2)
        self.head = Head(width)
        _initialise(self)

    def forward(self, c: Tensor, r: list[Tensor]) -> Tensor:
        quarter, eighth = self.stem(c)
        quarter = self.fuse_quarter(torch.cat([quarter, r[0]], 1))
        x = self.first(self.fuse_first(torch.cat([eighth, r[1]], 1)))
        x = self.second(self.fuse_last(torch.cat([x, r[2]], 1)))
        picture = _changed(c, self.head(x, quarter))
        return put_back(_finished(picture, self.training), r[3])
