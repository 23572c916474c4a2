"""The networks by name: D = (D_C, D_R), E, A_C and A_V, built from one small config.

Two families share one interface, so that cycles, checkpoints and export know neither:

    content    D_C   v float[B,3,H,W] in -1..1 -> c' float[B,3,H,W] in -1..1
    residual   D_R   v -> r, a list of three feature maps
    entangler  E     (c, r) -> v' float[B,3,H,W] in -1..1
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import tyro
from torch import Tensor, nn

from train.errors import TrainError
from train.networks import fast, paper
from train.networks.adversary import Adversary

Residual = list[Tensor]
"""r: three feature maps, from fine to coarse; their widths belong to the family."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfig:
    """What the networks are made of."""

    family: Annotated[Literal["fast", "paper"], tyro.conf.arg(name="network")] = "fast"
    """fast: about 0.65 GMAC at 256x256, for live use on a CPU. paper: the paper's, 25.4 GMAC."""
    size: int = 256
    """Height and width of the images, pixels; a multiple of 4."""
    width: int | None = None
    """Channels after the first convolution; None is 64 (paper, its ngf) or 32 (fast)."""
    blocks: int = 4
    """Residual blocks of each generator; even. The paper has 4."""
    norm: Literal["instance", "none"] = "instance"
    """Normalisation of the fast family; the paper family always has instance norm. Without it
    uncooperative training runs away: |r| grows without bound within 200 steps at 128 pixels."""
    fuse: Literal["1x1", "3x3", "grow"] = "1x1"
    """How the paper family's E takes r in: "1x1" and "3x3" convolve back to its own width, "grow"
    carries the concatenated width on (42.9M parameters instead of the 16.6M that the paper's
    "similar to CycleGAN" asks for)."""
    adversary_width: int | None = None
    """Channels of the adversaries' first layer; None is 64 (paper) or 24 (fast)."""
    adversary_layers: int | None = None
    """Strided layers of the adversaries; None is 3 (70x70 receptive field), or 2 below 128."""

    def __post_init__(self) -> None:
        if self.size < 32 or self.size % 4:
            raise TrainError(f"size must be a multiple of 4, at least 32; got {self.size}")
        if self.blocks < 2 or self.blocks % 2:
            raise TrainError(f"blocks must be even and at least 2, got {self.blocks}")


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
    if config.family == "paper":
        return paper.ResidualStream(_width(config), config.blocks)
    return fast.ResidualStream(_width(config), config.blocks, config.norm)


def _entangler(config: NetworkConfig) -> nn.Module:
    if config.family == "paper":
        return paper.Entangler(_width(config), config.blocks, config.fuse)
    return fast.Entangler(_width(config), config.blocks, config.norm)


def _width(config: NetworkConfig) -> int:
    return config.width or (64 if config.family == "paper" else 32)
