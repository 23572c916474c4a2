"""One training step, for each method: cycle V, cycle C, adversaries (Sec. 3.4).

Where the methods differ is here and nowhere else. `engine.learn` takes the gradients of what it is
given, `engine.step` lets networks take a step along the gradients that they have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from train.config import FitOptions
from train.cycles import Objective, adversary_loss, cycle_c, cycle_v, frozen, identity
from train.engine import Engine
from train.state import State

Losses = dict[str, Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A process's images of one step, each float[B,3,H,W] in -1..1."""

    v: Tensor
    v_other: Tensor
    """Others of V: where cycle C's r comes from, unrelated to c and to v."""
    c: Tensor


Step = Callable[[Engine, State, FitOptions, Batch], Losses]


def uncooperative(engine: Engine, state: State, config: FitOptions, batch: Batch) -> Losses:
    """Cycle V moves D alone, cycle C moves E alone; gradients pass through the frozen one."""
    d, e, weigh = state.d, state.e, config.weights

    with frozen(e, state.a_c) as (fixed_e, a_c):
        forth = engine.learn("cycle V", lambda v: cycle_v(d, fixed_e, a_c, v, weigh), batch.v)
    engine.step(state.optimizer_d)

    r = engine.residual(d, batch.v_other)
    with frozen(d, state.a_v) as (fixed_d, a_v):
        back = engine.learn(
            "cycle C", lambda c, *r: cycle_c(fixed_d, e, a_v, c, list(r), weigh), batch.c, *r
        )
    engine.step(state.optimizer_e)

    return forth.parts | back.parts | _adversaries(engine, state, config, batch, forth, back)


def cooperative(engine: Engine, state: State, config: FitOptions, batch: Batch) -> Losses:
    """Both cycles move both networks, as CycleGAN and its descendants train."""
    d, e, weigh = state.d, state.e, config.weights

    r = engine.residual(d, batch.v_other)
    with frozen(state.a_c, state.a_v) as (a_c, a_v):
        forth = engine.learn("cycle V", lambda v: cycle_v(d, e, a_c, v, weigh), batch.v)
        back = engine.learn(
            "cycle C", lambda c, *r: cycle_c(d, e, a_v, c, list(r), weigh), batch.c, *r
        )
    engine.step(state.optimizer_d, state.optimizer_e)

    return forth.parts | back.parts | _adversaries(engine, state, config, batch, forth, back)


def cyclegan(engine: Engine, state: State, config: FitOptions, batch: Batch) -> Losses:
    """The cooperative step; what makes it CycleGAN is that its networks know no residual."""
    d, e, weigh = state.d, state.e, config.weights
    same: Losses = {}
    if weigh.identity:
        objective = engine.learn(
            "identity", lambda v, c: identity(d, e, v, c, weigh), batch.v, batch.c
        )
        same = objective.parts
    return same | cooperative(engine, state, config, batch)


METHODS: dict[str, Step] = {
    "uncooperative": uncooperative,
    "cooperative": cooperative,
    "cyclegan": cyclegan,
}


def _adversaries(
    engine: Engine,
    state: State,
    config: FitOptions,
    batch: Batch,
    forth: Objective,
    back: Objective,
) -> Losses:
    """Half real, half generated, of which half is new and half from a history."""
    a_c, a_v = state.a_c, state.a_v
    rng = np.random.default_rng([config.seed, state.step])
    # The history is that of all processes, and each draws from it alike.
    c_shown = engine.mine(state.history_c.mix(engine.everybodys(forth.fake), rng))
    v_shown = engine.mine(state.history_v.mix(engine.everybodys(back.fake), rng))

    def judge(c: Tensor, c_fake: Tensor, v: Tensor, v_fake: Tensor) -> Objective:
        on_c, on_v = adversary_loss(a_c, c, c_fake), adversary_loss(a_v, v, v_fake)
        # Spectral norm's power iteration takes one turn a step, in however many parts this comes.
        a_c.eval()
        a_v.eval()
        parts = {"adversary_c": on_c.detach(), "adversary_v": on_v.detach()}
        return Objective(on_c + on_v, parts)

    a_c.train()
    a_v.train()
    losses = engine.learn("adversaries", judge, batch.c, c_shown, batch.v, v_shown).parts
    engine.step(state.optimizer_a)
    return losses
