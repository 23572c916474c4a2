"""A_C and A_V: PatchGAN with spectral norm on every convolution (Sec. 3.5).

The parametrisation's power iteration runs only in training mode. The loop keeps adversaries in
eval mode except in their own step, so that a generator's step does not move them.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from train.networks.paper import initialise
from train.networks.precision import in_float32


class Adversary(nn.Module):
    """image float[B,3,H,W] in -1..1 -> one score for each patch, float[B,1,h,w]; real is 1.

    width 64 and 3 strided layers are the 70x70 PatchGAN. No instance norm: it would hide a patch's
    brightness, and spectral norm already bounds the scores' slope. In float32 always, spectral norm
    included: in half precision the adversaries win at once.
    """

    def __init__(self, width: int, strided_layers: int) -> None:
        super().__init__()
        widths = [width * min(2**k, 8) for k in range(strided_layers + 1)]
        layers: list[nn.Module] = []
        channels = 3
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
        return in_float32(self.body, image)
