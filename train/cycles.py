"""The two cycles and the adversaries' losses: the paper's equations, beside each other.

    cycle V   v -> (c', r') = D(v) -> v' = E(c', r')        Sec. 3.3, first cycle
    cycle C   (c, r) -> v' = E(c, r) -> (c', r') = D(v')    Sec. 3.3, second cycle

Uncooperative (Sec. 3.4): in each cycle only the network whose input is real takes a step, D in
cycle V and E in cycle C. The other one is `frozen`: a fixed but differentiable function.
Cooperative: the same two cycles with nothing frozen, so each network also learns to read what the
other one hides.
CycleGAN: cooperative, and r is empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from train.config import LossWeights
from train.likeness import Likeness
from train.networks import Residual


@contextmanager
def frozen(*networks: nn.Module) -> Iterator[tuple[nn.Module, ...]]:
    """Within: the networks' parameters take no gradient, but gradients flow through them.

    Gives the networks to call in their place: the same, out of the wrapper in which a parallel run
    waits for the gradients of those that learn.
    """
    parameters = [p for network in networks for p in network.parameters() if p.requires_grad]
    for parameter in parameters:
        parameter.requires_grad_(False)
    try:
        yield tuple(bare(network) for network in networks)
    finally:
        for parameter in parameters:
            parameter.requires_grad_(True)


def bare(network: nn.Module) -> nn.Module:
    """A network out of the wrapper that Fabric may have put around it."""
    inner = getattr(network, "module", network)
    assert isinstance(inner, nn.Module)
    return inner


@dataclass(slots=True)
class Objective:
    """What a pass through the networks is to lower, and what came of it."""

    loss: Tensor
    parts: dict[str, Tensor]
    """What the loss is made of, for the log; detached."""
    fake: Tensor = field(default_factory=lambda: torch.empty(0))
    """The generated image for the adversary: c' of cycle V, v' of cycle C; detached."""


def real(scores: Tensor) -> Tensor:
    """Least-squares loss of scores that ought to say "real"."""
    return (scores - 1).square().mean()


def fake(scores: Tensor) -> Tensor:
    """Least-squares loss of scores that ought to say "fake"."""
    return scores.square().mean()


def l1(a: Tensor, b: Tensor) -> Tensor:
    return (a - b).abs().mean()


def cycle_v(d: nn.Module, e: nn.Module, a_c: nn.Module, v: Tensor, weigh: LossWeights) -> Objective:
    """v -> (c', r') -> v'. Loss: lambda_v |v - v'| + (A_C(c') - 1)^2 / 2.

    Eq. 1 prints (A_C(c'))^2 without the -1. Taken literally that trains D to look fake.
    """
    c_fake, r_fake = d(v)
    v_back = e(c_fake, r_fake)
    l_v, gan = l1(v, v_back), real(a_c(c_fake))
    loss = weigh.lambda_v * l_v + weigh.gan_weight * gan
    parts = {"l_v": l_v, "gan_c": gan} | ({"r_size": _size(r_fake)} if r_fake else {})
    return Objective(loss, _detached(parts), c_fake.detach())


def cycle_c(
    d: nn.Module, e: nn.Module, a_v: nn.Module, c: Tensor, r: Residual, weigh: LossWeights
) -> Objective:
    """(c, r) -> v' -> (c', r'). Loss: lambda_c |c - c'| + lambda_r |r - r'| + (A_V(v') - 1)^2 / 2.

    r comes from an unrelated v, without a gradient: as a target it would shrink to zero.
    """
    v_fake = e(c, r)
    c_back, r_back = d(v_fake)
    l_c, gan = l1(c, c_back), real(a_v(v_fake))
    loss = weigh.lambda_c * l_c + weigh.gan_weight * gan
    parts = {"l_c": l_c, "gan_v": gan}
    if r:
        parts["l_r"] = torch.stack([l1(a, b) for a, b in zip(r, r_back, strict=True)]).mean()
        loss = loss + weigh.lambda_r * parts["l_r"]
    return Objective(loss, _detached(parts), v_fake.detach())


def identity(d: nn.Module, e: nn.Module, v: Tensor, c: Tensor, weigh: LossWeights) -> Objective:
    """CycleGAN's option: what is of the target domain already stays as it is."""
    loss = weigh.identity * (l1(d(c)[0], c) + l1(e(v, []), v))
    return Objective(loss, _detached({"identity": loss}))


def restoration(
    d_c: nn.Module, disturbed: Tensor, c: Tensor, likeness: Likeness, weigh: LossWeights
) -> Objective:
    """Real c, disturbed c -> D_C -> c'. Loss: |c - c'|, each place counting as `likeness` says, and
    the error along the eigenpictures of C. Not in the paper; as there, the input is real, and there
    is nobody to agree with."""
    error = d_c(disturbed) - c  # [B,3,H,W]
    parts = {"l_restored": error.abs().mean()}
    loss = likeness.by_place(error)
    if weigh.eigen_weight:
        parts["l_eigen"] = likeness.by_direction(error)
        loss = loss + weigh.eigen_weight * parts["l_eigen"]
    return Objective(loss, _detached(parts))


def adversary_loss(a: nn.Module, images: Tensor, generated: Tensor) -> Tensor:
    """1/2 [(A(real) - 1)^2 + A(generated)^2], Sec. 3.2. One pass over both halves, so that spectral
    norm takes one step of its power iteration."""
    scores = a(torch.cat([images, generated]))  # [2B,1,h,w]
    on_real, on_fake = scores.split([len(images), len(generated)])
    return 0.5 * (real(on_real) + fake(on_fake))


def _size(r: Residual) -> Tensor:
    return torch.stack([m.detach().abs().mean() for m in r]).mean()


def _detached(parts: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: part.detach() for name, part in parts.items()}
