"""The networks by name: D = (D_C, D_R), E, A_C and A_V, built from one small config.

Two families share one interface, so that cycles, checkpoints and export know neither:

    content    D_C   v float[B,3,H,W] in -1..1 -> c' float[B,3,H,W] in -1..1
    residual   D_R   v -> r, a list of three feature maps; with the fast family, pose as a fourth
    entangler  E     (c, r) -> v' float[B,3,H,W] in -1..1
"""

from __future__ import annotations

from torch import Tensor, nn

from train.config import NetworkConfig
from train.networks import fast, paper
from train.networks.adversary import Adversary
from train.networks.disentangler import Disentangler, Residual
from train.networks.translator import NoResidual, Translator

__all__ = [
    "Disentangler",
    "Networks",
    "Residual",
    "build_adversary_c",
    "build_content",
    "in_block",
    "is_fine",
    "is_hidden",
]


class Networks(nn.Module):
    """D, E and the two adversaries: everything that training steps."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.disentangler = _disentangler(config)
        self.entangler = _entangler(config)
        self.adversary_c = build_adversary_c(config)
        self.adversary_v = Adversary(_adversary_width(config), config.strided_layers)


def build_content(config: NetworkConfig) -> nn.Module:
    """D_C alone: the one network that runs live."""
    if config.family == "paper":
        return paper.Content(_width(config), config.blocks)
    return fast.Content(
        config.content_width or _width(config),
        config.blocks,
        config.norm,
        size=config.size,
        expansion=config.expansion,
        shrink=config.shrink,
        refined_shrink=config.refined_shrink,
        enlarges=config.enlarged,
        aligns=config.residual,
    )


def build_adversary_c(config: NetworkConfig) -> Adversary:
    """A_C alone."""
    sees_place = config.family == "fast"
    return Adversary(_adversary_width(config), config.strided_layers, sees_place=sees_place)


def is_fine(name: str) -> bool:
    """Whether a tensor of that name belongs to what D_C does at more than its coarsest copy: what a
    run may add to what another one has learnt."""
    return not {"closer", "refinement", "enlargement"}.isdisjoint(name.split("."))


def in_block(name: str) -> bool:
    """Whether a tensor of that name belongs to a residual block of the fast family's D_C. A run may
    have more of them than another one, and wider ones."""
    parts = set(name.split("."))
    return bool(parts & {"down_quarter", "middle", "at_quarter"} and parts & {"first", "last"})


def is_hidden(name: str, weight: Tensor) -> bool:
    """Whether a tensor of that name in a D of the fast family is what a layer multiplies by, and
    that layer neither looks for the pose nor ends in a picture."""
    ends = {"pose", "place", "place_eighth", "place_quarter", "to_change", "to_finer", "stretch"}
    return weight.ndim > 1 and ends.isdisjoint(name.split("."))


def _disentangler(config: NetworkConfig) -> Disentangler:
    width, content = _width(config), build_content(config)
    if not config.residual:
        return Disentangler(content, NoResidual())
    if isinstance(content, fast.Content):
        return fast.AligningDisentangler(
            content, fast.ResidualStream(width, config.blocks, config.shrink)
        )
    return Disentangler(content, paper.ResidualStream(width, config.blocks))


def _entangler(config: NetworkConfig) -> nn.Module:
    if not config.residual:
        return Translator(build_content(config))
    if config.family == "paper":
        return paper.Entangler(_width(config), config.blocks, config.fuse)
    return fast.Entangler(_width(config), config.blocks, config.shrink)


def _width(config: NetworkConfig) -> int:
    return config.width or (64 if config.family == "paper" else 32)


def _adversary_width(config: NetworkConfig) -> int:
    return config.adversary_width or (64 if config.family == "paper" else 24)
