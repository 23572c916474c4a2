"""D = (D_C, D_R): two separate networks (Sec. 3.5), content and residual."""

from __future__ import annotations

from torch import Tensor, nn

Residual = list[Tensor]
"""r: three feature maps, from fine to coarse, and with the fast family the headset's pose
[B,4,1,1]; their widths belong to the family. CycleGAN: none."""


class Disentangler(nn.Module):
    """D(v) = (c', r')."""

    def __init__(self, content: nn.Module, residual: nn.Module) -> None:
        super().__init__()
        self.content = content
        self.residual = residual

    def forward(self, v: Tensor) -> tuple[Tensor, Residual]:
        return self.content(v), self.residual(v)

    def find_residual(self, v: Tensor) -> Residual:
        """r alone."""
        r: Residual = self.residual(v)
        return r
