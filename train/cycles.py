"""The two cycles and the adversaries' losses: the paper's equations, beside each other.

    cycle V   v -> (c', r') = D(v) -> v' = E(c', r')        Sec. 3.3, first cycle
    cycle C   (c, r) -> v' = E(c, r) -> (c', r') = D(v')    Sec. 3.3, second cycle

Uncooperative (Sec. 3.4): in each cycle only the network whose input is real takes a step, D in
cycle V and E in cycle C. The other one is `frozen`: a fixed but differentiable function.
Cooperative: the same two cycles with nothing frozen, so each network also learns to read what the
other one hides.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from train.networks import Disentangler, Residual


@dataclass(frozen=True, slots=True, kw_only=True)
class LossWeights:
    """Eqs. 1-3. The paper's 10 / 10 / 0.1 lets the adversaries win at 128 pixels and more, and
    training collapses; 2 / 2 / 0.02 holds."""

    lambda_v: float = 2.0
    """Weight of |v - v'|. The paper: 10."""
    lambda_c: float = 2.0
    """Weight of |c - c'|. The paper: 10."""
    lambda_r: float = 0.02
    """Weight of |r - r'|. The paper: 0.1."""
    gan_weight: float = 0.5
    """Weight of the generators' least-squares terms: the 1/2 of Eq. 1."""


@contextmanager
def frozen(*modules: nn.Module) -> Iterator[None]:
    """Within: the modules' parameters take no gradient, but gradients flow through them."""
    parameters = [p for module in modules for p in module.parameters() if p.requires_grad]
    for parameter in parameters:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in parameters:
            parameter.requires_grad_(True)


@dataclass(slots=True)
class Cycle:
    """One cycle's loss, what it is made of, and the generated image for the adversary."""

    loss: Tensor
    parts: dict[str, Tensor]
    fake: Tensor
    """c' of cycle V, v' of cycle C; detached."""


def real(scores: Tensor) -> Tensor:
    """Least-squares loss of scores that ought to say "real"."""
    return (scores - 1).square().mean()


def fake(scores: Tensor) -> Tensor:
    """Least-squares loss of scores that ought to say "fake"."""
    return scores.square().mean()


def l1(a: Tensor, b: Tensor) -> Tensor:
    return (a - b).abs().mean()


def cycle_v(d: Disentangler, e: nn.Module, a_c: nn.Module, v: Tensor, weigh: LossWeights) -> Cycle:
    """v -> (c', r') -> v'. Loss: lambda_v |v - v'| + (A_C(c') - 1)^2 / 2.

    Eq. 1 prints (A_C(c'))^2 without the -1. Taken literally that trains D to look fake.
    """
    c_fake, r_fake = d(v)
    v_back = e(c_fake, r_fake)
    l_v, gan = l1(v, v_back), real(a_c(c_fake))
    loss = weigh.lambda_v * l_v + weigh.gan_weight * gan
    return Cycle(loss, {"l_v": l_v.detach(), "gan_c": gan.detach()}, c_fake.detach())


def cycle_c(
    d: Disentangler, e: nn.Module, a_v: nn.Module, c: Tensor, r: Residual, weigh: LossWeights
) -> Cycle:
    """(c, r) -> v' -> (c', r'). Loss: lambda_c |c - c'| + lambda_r |r - r'| + (A_V(v') - 1)^2 / 2.

    r comes from an unrelated v, without a gradient: as a target it would shrink to zero.
    """
    v_fake = e(c, r)
    c_back, r_back = d(v_fake)
    l_c = l1(c, c_back)
    l_r = torch.stack([l1(a, b) for a, b in zip(r, r_back, strict=True)]).mean()
    gan = real(a_v(v_fake))
    loss = weigh.lambda_c * l_c + weigh.lambda_r * l_r + weigh.gan_weight * gan
    parts = {"l_c": l_c.detach(), "l_r": l_r.detach(), "gan_v": gan.detach()}
    return Cycle(loss, parts, v_fake.detach())


def adversary_loss(a: nn.Module, images: Tensor, generated: Tensor) -> Tensor:
    """1/2 [(A(real) - 1)^2 + A(generated)^2], Sec. 3.2. One pass over both halves, so that spectral
    norm takes one step of its power iteration."""
    scores = a(torch.cat([images, generated]))  # [2B,1,h,w]
    on_real, on_fake = scores.split([len(images), len(generated)])
    return 0.5 * (real(on_real) + fake(on_fake))
