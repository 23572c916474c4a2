"""CycleGAN's place in the scheme: no residual, so D and E are two plain translators."""

from __future__ import annotations

from torch import Tensor, nn


class NoResidual(nn.Module):
    """D_R that finds nothing: v -> r = []."""

    def forward(self, v: Tensor) -> list[Tensor]:
        return []


class Translator(nn.Module):
    """E that is given no residual: c -> v', by a network of D_C's kind and size."""

    def __init__(self, translate: nn.Module) -> None:
        super().__init__()
        self.translate = translate

    def forward(self, c: Tensor, r: list[Tensor]) -> Tensor:
        v: Tensor = self.translate(c)
        return v
