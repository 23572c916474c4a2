"""The networks by name: D = (D_C, D_R), E, A_C and A_V, built from one small config.

Two families share one interface, so that cycles, checkpoints and export know neither:

    content    D_C   v float[B,3,H,W] in -1..1 -> c' float[B,3,H,W] in -1..1
    residual   D_R   v -> r, a list of three feature maps
    entangler  E     (c, r) -> v' float[B,3,H,W] in -1..1
"""

from __future__ import annotations

from torch import Tensor, nn

from train.config import NetworkConfig
from train.networks import fast, paper
from train.networks.adversary import Adversary
from train.networks.translator import NoResidual, Translator

Residual = list[Tensor]
"""r: three feature maps, from fine to coarse; their widths belong to the family. CycleGAN: none."""


class Disentangler(nn.Module):
    """D(v) = (c', r'): two separate networks (Sec. 3.5), D_C for content and D_R for residual."""

    def __init__(self, content: nn.Module, residual: nn.Module) -> None:
        super().__init__()
        self.content = content
        self.residual = residual

    def forward(self, v: Tensor) -> tuple[Tensor, Residual]:
        return self.content(v), self.residual(v)


class Networks(nn.Module):
    """D, E and the two adversaries: everything that training steps."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.disentangler = Disentangler(build_content(config), _residual(config))
        self.entangler = _entangler(config)
        width = config.adversary_width or (64 if config.family == "paper" else 24)
        layers = config.adversary_layers or (3 if config.size >= 128 else 2)
        self.adversary_c = Adversary(width, layers)
        self.adversary_v = Adversary(width, layers)


def build_content(config: NetworkConfig) -> nn.Module:
    """D_C alone: the one network that runs live."""
    if config.family == "paper":
        return paper.Content(_width(config), config.blocks)
    return fast.Content(_width(config), config.blocks, config.norm)


def _residual(config: NetworkConfig) -> nn.Module:
    if not config.residual:
        return NoResidual()
    if config.family == "paper":
        return paper.ResidualStream(_width(config), config.blocks)
    return fast.ResidualStream(_width(config), config.blocks)


def _entangler(config: NetworkConfig) -> nn.Module:
    if not config.residual:
        return Translator(build_content(config))
    if config.family == "paper":
        return paper.Entangler(_width(config), config.blocks, config.fuse)
    return fast.Entangler(_width(config), config.blocks)


def _width(config: NetworkConfig) -> int:
    return config.width or (64 if config.family == "paper" else 32)
