"""A_C and A_V: PatchGAN with spectral norm on every convolution (Sec. 3.5).

The parametrisation's power iteration runs only in training mode. The loop keeps adversaries in
eval mode except in their own step, so that a generator's step does not move them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from train.networks.paper import initialise
from train.networks.precision import in_float32


class Adversary(nn.Module):
    """image float[B,3,H,W] in -1..1 -> one score for each patch, float[B,1,h,w]; real is 1.

    width 64 and 3 strided layers are the 70x70 PatchGAN. No instance norm: it would hide a patch's
    brightness, and spectral norm already bounds the scores' slope. In float32 always, spectral norm
    included: in half precision the adversaries win at once.

    `sees_place` gives each patch its place in the picture as well, so that what is right in itself
    but not where it belongs is found out.
    """

    def __init__(self, width: int, strided_layers: int, *, sees_place: bool = False) -> None:
        super().__init__()
        self.sees_place = sees_place
        widths = [width * min(2**k, 8) for k in range(strided_layers + 1)]
        layers: list[nn.Module] = []
        channels = 5 if sees_place else 3
        for k, out in enumerate(widths):
            stride = 2 if k < strided_layers else 1
            layers += [nn.Conv2d(channels, out, 4, stride, 1), nn.LeakyReLU(0.2, inplace=True)]
            channels = out
        self.body = nn.Sequential(*layers, nn.Conv2d(channels, 1, 4, 1, 1))
        initialise(self)
        for part in self.body:
            if isinstance(part, nn.Conv2d):
                spectral_norm(part)

    def forward(self, image: Tensor) -> Tensor:
        if self.sees_place:
            image = torch.cat([image, _places(image)], 1)
        return in_float32(self.body, image)


def _places(image: Tensor) -> Tensor:
    """float[B,2,H,W]: how far down and how far right each pixel lies, -1..1."""
    count, _, height, width = image.shape
    down = torch.linspace(-1, 1, height, device=image.device).view(1, 1, height, 1)
    right = torch.linspace(-1, 1, width, device=image.device).view(1, 1, 1, width)
    planes = [down.expand(count, 1, height, width), right.expand(count, 1, height, width)]
    return torch.cat(planes, 1)
