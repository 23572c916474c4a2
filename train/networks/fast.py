"""The fast family: the same roles as the paper's generators at a twenty-fifth of the arithmetic.

What makes it fast on a CPU: pixel_unshuffle in place of full-resolution convolutions, plain narrow
3x3 convolutions (they beat depthwise-separable ones there), most of them at 1/4 and 1/8 resolution.

The way up is bilinear x2 steps with thin convolutions. A pixel-shuffle head is cheaper, but
it paints a 4x4 grid that the adversary spots at once, and training stops.

D_C and E do not paint their picture from nothing: they say by how much to multiply each value of
the picture that they were given, and what to add. So both begin as the identity, which has the
right expression and the wrong light, and detail need not pass through the narrow middle. D first
takes the headset's pose out of v, E last puts it back (pose.py).

A change is smoother than the picture that it is made to, so it may be found on a smaller copy and
stretched (`NetworkConfig.seen`): a quarter of the arithmetic, and what was trained on small images
serves large ones as it is. D_C may then go over it on a copy between the two (`refined`), from
coarse to fine as the generators of pix2pixHD. Or D_C makes its picture as large as that copy and
enlarges it (`enlarged`): nothing then happens at the image's own size but the last step.

Shapes below are for width 32 at 256x256.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from train.networks.disentangler import Disentangler, Residual
from train.networks.layers import (
    Closer,
    Enlargement,
    Head,
    Hourglass,
    Place,
    Refinement,
    Small,
    Stem,
    initialise,
    resize,
    smaller,
    stack,
)
from train.networks.pose import Pose, put_back, take_out
from train.networks.precision import as_float32, in_float32


def _changed(image: Tensor, change: Tensor, copy: Tensor) -> Tensor:
    """The image with a change [B,6,H,W] made to it, which was found on the copy.

    Where the copy is smaller the change is stretched, but for how it tells colours apart, which is
    made to the copy alone: to stretch four channels in place of six is quicker.
    """
    image = as_float32(image)
    gain, offset = change.chunk(2, 1)  # [B,3,H,W] each
    if gain.shape != image.shape:
        grey = gain.mean(1, keepdim=True)
        offset = offset + (gain - grey) * as_float32(copy)
        gain, offset = resize(torch.cat([grey, offset], 1), image.shape[2:]).split([1, 3], 1)
    return image + gain * image + offset


def _finished(picture: Tensor, training: bool) -> Tensor:
    """In -1..1. In training the losses must see what lies beyond, or nothing brings it back."""
    return picture if training else picture.clamp(-1, 1)


class Content(nn.Module):
    """D_C: v -> c'."""

    def __init__(
        self,
        width: int,
        blocks: int,
        norm: str,
        *,
        size: int,
        expansion: int = 1,
        shrink: int = 1,
        refined_shrink: int | None = None,
        enlarges: bool = False,
        aligns: bool = True,
    ) -> None:
        """size: of the image, pixels. expansion: of the blocks. shrink: how many times smaller the
        copy is that it works on. refined_shrink: likewise for the one on which it goes over that;
        None: it does not. enlarges: it makes the picture as large as the larger copy, and then
        enlarges it. aligns: take the headset's pose out first. Not for CycleGAN, which has no r for
        it."""
        super().__init__()
        side = size // shrink
        self.pose = Pose() if aligns else None
        self.shrink, self.large_shrink = shrink, refined_shrink or shrink
        self.hourglass = Hourglass(width, blocks, norm, side, expansion)
        channels = self.hourglass.channels
        self.to_change = Small(channels, 6)
        self.place = Place(6, side)
        self.closer = self.refinement = self.enlargement = None
        if refined_shrink is not None:
            self.closer = Closer(channels)
        if enlarges:
            self.enlargement = Enlargement(channels, self.large_shrink, size // self.large_shrink)
        elif refined_shrink is not None:
            self.refinement = Refinement(channels, size // refined_shrink)
        initialise(self)
        if self.pose is not None:
            self.pose.begin()
        if self.enlargement is not None:
            self.enlargement.begin()

    def forward(self, v: Tensor) -> Tensor:
        image = self._needed(v)
        return self._translate(image, None if self.pose is None else self.pose(image))

    def find_pose(self, v: Tensor) -> Tensor:
        """The pose, [B,4,1,1], that `forward` takes out of v."""
        assert self.pose is not None
        pose: Tensor = self.pose(self._needed(v))
        return pose

    def translate(self, v: Tensor, pose: Tensor) -> Tensor:
        """What is left to do once the pose, [B,4,1,1], is found."""
        return self._translate(self._needed(v), pose)

    def _needed(self, v: Tensor) -> Tensor:
        """What of v it looks at."""
        return v if self.enlargement is None else smaller(v, self.large_shrink)

    def _translate(self, image: Tensor, pose: Tensor | None) -> Tensor:
        if pose is not None:
            image = take_out(image, pose)
        large = smaller(image, self.large_shrink) if self.enlargement is None else image
        copy = smaller(large, self.shrink // self.large_shrink)
        features = self.hourglass(copy)
        change = self.place(in_float32(self.to_change, features))
        if self.closer is not None:
            features = self.closer(large, features)
        if self.refinement is not None:
            change, copy = self.refinement(change, features), large
        picture = _changed(image, change, copy)
        if self.enlargement is not None:
            picture = self.enlargement(picture, features)
        return _finished(picture, self.training)


class AligningDisentangler(Disentangler):
    """D whose two parts see v with its pose taken out; the pose is the last part of r."""

    content: Content

    def forward(self, v: Tensor) -> tuple[Tensor, Residual]:
        pose = self._pose(v)
        return self.content.translate(v, pose), self._residual_at(v, pose)

    def find_residual(self, v: Tensor) -> Residual:
        return self._residual_at(v, self._pose(v))

    def _pose(self, v: Tensor) -> Tensor:
        return self.content.find_pose(v)

    def _residual_at(self, v: Tensor, pose: Tensor) -> Residual:
        return [*self.residual(take_out(v, pose)), pose]


class ResidualStream(nn.Module):
    """D_R: aligned v -> r but for its pose, [B,32,64,64], [B,64,32,32], [B,64,32,32] in -1..1:
    after the stem's two resolutions and after all blocks.

    No instance norm: it would take out the overall brightness and colour, which are what r is for.
    The tanh keeps r from growing without bound in its place.
    """

    def __init__(self, width: int, blocks: int, shrink: int = 1) -> None:
        super().__init__()
        self.shrink = shrink
        self.stem = Stem(width)
        self.blocks = stack(2 * width, blocks)
        initialise(self)

    def forward(self, v: Tensor) -> list[Tensor]:
        quarter, eighth = self.stem(smaller(v, self.shrink))
        return [torch.tanh(as_float32(m)) for m in (quarter, eighth, self.blocks(eighth))]


class Entangler(nn.Module):
    """E: (c, r) -> v'. Each map of r joins at its resolution, through a 1x1 convolution; its pose
    moves the picture in the end.

    No instance norm, so that E can paint the brightness that r tells it.
    """

    def __init__(self, width: int, blocks: int, shrink: int = 1) -> None:
        super().__init__()
        self.shrink = shrink
        self.stem = Stem(width)
        self.fuse_quarter = nn.Conv2d(2 * width, width, 1)
        self.fuse_first = nn.Conv2d(4 * width, 2 * width, 1)
        self.fuse_last = nn.Conv2d(4 * width, 2 * width, 1)
        self.first = stack(2 * width, blocks // 2)
        self.second = stack(2 * width, blocks // 2)
        self.head = Head(width)
        initialise(self)

    def forward(self, c: Tensor, r: list[Tensor]) -> Tensor:
        copy = smaller(c, self.shrink)
        quarter, eighth = self.stem(copy)
        quarter = self.fuse_quarter(torch.cat([quarter, r[0]], 1))
        x = self.first(self.fuse_first(torch.cat([eighth, r[1]], 1)))
        x = self.second(self.fuse_last(torch.cat([x, r[2]], 1)))
        picture = _changed(c, self.head(x, quarter), copy)
        return put_back(_finished(picture, self.training), r[3])
