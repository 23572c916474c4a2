"""One training step, for each method: cycle V, cycle C, adversaries (Sec. 3.4); or practice alone.

Where the methods differ is here and nowhere else. `engine.learn` takes the gradients of what it is
given, `engine.step` lets networks take a step along the gradients that they have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from train.config import FitOptions
from train.cycles import (
    Objective,
    adversary_loss,
    bare,
    cycle_c,
    cycle_v,
    frozen,
    identity,
    restoration,
)
from train.disturb import disturb
from train.engine import Engine
from train.likeness import Likeness
from train.networks import Disentangler
from train.state import State

Losses = dict[str, Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A process's images of one step, each float[B,3,H,W] in -1..1."""

    v: Tensor
    v_other: Tensor
    """Others of V: where cycle C's r comes from, unrelated to c and to v; and light and rooms for
    practice."""
    c: Tensor
    normals: Tensor | None = None
    """The normal passes of c, for practice; None: there are none."""
    likeness: Likeness = field(default_factory=Likeness.plain)
    """What an error counts in practice."""


Step = Callable[[Engine, State, FitOptions, Batch], Losses]


def uncooperative(engine: Engine, state: State, config: FitOptions, batch: Batch) -> Losses:
    """Cycle V moves D alone, cycle C moves E alone; gradients pass through the frozen one."""
    d, e, weigh = state.d, state.e, config.weights

    with frozen(e, state.a_c) as (fixed_e, a_c):
        forth = _forth(engine, state, config, batch, fixed_e, a_c)
    engine.step(*state.optimizers_of_d)

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
        forth = _forth(engine, state, config, batch, e, a_c)
        back = engine.learn(
            "cycle C", lambda c, *r: cycle_c(d, e, a_v, c, list(r), weigh), batch.c, *r
        )
    engine.step(*state.optimizers_of_d, state.optimizer_e)

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


def practice(engine: Engine, state: State, config: FitOptions, batch: Batch) -> Losses:
    """D_C by itself, on disturbed renders: the method "restoration"."""
    d_c = state.d  # nothing else of D learns: see `State`
    found = engine.learn(
        "restoration",
        lambda disturbed, c: restoration(d_c, disturbed, c, batch.likeness, config.weights),
        _disturbed(engine, state, config, batch),
        batch.c,
    )
    engine.step(*state.optimizers_of_d)
    return found.parts


METHODS: dict[str, Step] = {
    "uncooperative": uncooperative,
    "cooperative": cooperative,
    "cyclegan": cyclegan,
    "restoration": practice,
}


def _forth(
    engine: Engine, state: State, config: FitOptions, batch: Batch, e: nn.Module, a_c: nn.Module
) -> Objective:
    """Cycle V, with D_C's practice beside it if it is asked for: in one pass backward, so that
    several processes exchange D's gradients once."""
    d, weigh = state.d, config.weights
    if not weigh.restoration:
        return engine.learn("cycle V", lambda v: cycle_v(d, e, a_c, v, weigh), batch.v)
    inner = bare(d)
    assert isinstance(inner, Disentangler)

    def both(v: Tensor, disturbed: Tensor, c: Tensor) -> Objective:
        cycle = cycle_v(d, e, a_c, v, weigh)
        found = restoration(inner.content, disturbed, c, batch.likeness, weigh)
        loss = cycle.loss + weigh.restoration * found.loss
        return Objective(loss, cycle.parts | found.parts, cycle.fake)

    disturbed = _disturbed(engine, state, config, batch)
    return engine.learn("cycle V", both, batch.v, disturbed, batch.c)


def _disturbed(engine: Engine, state: State, config: FitOptions, batch: Batch) -> Tensor:
    """The renders of the batch, each disturbed in its own way; in several processes, alike. No
    finer than D_C looks."""
    images = [batch.c, batch.v_other, *([] if batch.normals is None else [batch.normals])]
    seed = np.random.SeedSequence([config.seed, state.step])
    rng = torch.Generator().manual_seed(int(seed.generate_state(1)[0]))
    with engine.clock.measure("disturb"):
        c, v, *normals = (engine.everybodys(image) for image in images)
        return engine.mine(disturb(c, v, rng, *normals, shrink=config.network.needed_shrink))


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
