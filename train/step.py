"""One training step, for each method: cycle V, cycle C, adversaries (Sec. 3.4).

Where the two methods differ is here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from train.config import FitConfig
from train.cycles import Cycle, adversary_loss, cycle_c, cycle_v, frozen
from train.state import State

Losses = dict[str, Tensor]


def uncooperative(state: State, config: FitConfig, v: Tensor, v_other: Tensor, c: Tensor) -> Losses:
    """Cycle V moves D alone, cycle C moves E alone; gradients pass through the frozen one."""
    d, e = state.networks.disentangler, state.networks.entangler
    a_c, a_v = state.networks.adversary_c, state.networks.adversary_v

    with frozen(e, a_c):
        forth = cycle_v(d, e, a_c, v, config.weights)
    _descend(forth.loss, state.optimizer_d)

    with torch.no_grad():
        r = d.residual(v_other)
    with frozen(d, a_v):
        back = cycle_c(d, e, a_v, c, r, config.weights)
    _descend(back.loss, state.optimizer_e)

    return forth.parts | back.parts | _adversaries(state, config, v, c, forth, back)


def cooperative(state: State, config: FitConfig, v: Tensor, v_other: Tensor, c: Tensor) -> Losses:
    """Both cycles move both networks, as CycleGAN and its descendants train."""
    d, e = state.networks.disentangler, state.networks.entangler
    a_c, a_v = state.networks.adversary_c, state.networks.adversary_v

    with torch.no_grad():
        r = d.residual(v_other)
    with frozen(a_c, a_v):
        forth = cycle_v(d, e, a_c, v, config.weights)
        back = cycle_c(d, e, a_v, c, r, config.weights)
    _descend(forth.loss + back.loss, state.optimizer_d, state.optimizer_e)

    return forth.parts | back.parts | _adversaries(state, config, v, c, forth, back)


METHODS: dict[str, Callable[[State, FitConfig, Tensor, Tensor, Tensor], Losses]] = {
    "uncooperative": uncooperative,
    "cooperative": cooperative,
}


def _adversaries(
    state: State, config: FitConfig, v: Tensor, c: Tensor, forth: Cycle, back: Cycle
) -> Losses:
    a_c, a_v = state.networks.adversary_c, state.networks.adversary_v
    rng = np.random.default_rng([config.seed, state.step])
    a_c.train()
    a_v.train()
    loss_c = adversary_loss(a_c, c, state.history_c.mix(forth.fake, rng))
    loss_v = adversary_loss(a_v, v, state.history_v.mix(back.fake, rng))
    _descend(loss_c + loss_v, state.optimizer_a)
    a_c.eval()
    a_v.eval()
    return {"adversary_c": loss_c.detach(), "adversary_v": loss_v.detach()}


def _descend(loss: Tensor, *optimizers: torch.optim.Optimizer) -> None:
    for optimizer in optimizers:
        optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    for optimizer in optimizers:
        optimizer.step()
