"""`Lesson`: the task of `distill` - a student that paints what its teacher paints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn

from train.cycles import Objective, adversary_loss, frozen
from train.distill.config import DistillConfig
from train.distill.losses import likeness
from train.distill.pairs import Pairs
from train.distill.samples import Samples
from train.distill.state import StudentState
from train.engine import Engine
from train.task import Losses, Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """See `Task`."""

    config: DistillConfig
    engine: Engine
    state: StudentState
    pairs: Pairs
    samples: Samples

    def step(self) -> Losses:
        engine, state, weigh = self.engine, self.state, self.config.weights
        count = self.config.batch // engine.world
        v, picture = self.pairs.batch(state.step * engine.world + engine.rank, count)
        a_c = state.a_c
        with frozen(*(() if a_c is None else (a_c,))) as judges:
            student = state.student
            learnt = engine.learn(
                "student", lambda v, t: likeness(student, judges, v, t, weigh), v, picture
            )
        engine.step(state.optimizer_content)
        if a_c is None:
            return learnt.parts
        return learnt.parts | self._adversary(a_c, picture, learnt.fake)

    def error(self, means: Mapping[str, float]) -> float:
        """|c' - t|."""
        return means["l_teacher"]

    def sample(self) -> Sample:
        return self.samples.draw()

    def _adversary(self, a_c: nn.Module, picture: Tensor, painted: Tensor) -> Losses:
        """Half the teacher's pictures, half the student's, of which half is from a history."""
        engine, state = self.engine, self.state
        rng = np.random.default_rng([self.config.seed, state.step])
        shown = engine.mine(state.history_c.mix(engine.everybodys(painted), rng))

        def judge(real: Tensor, fake: Tensor) -> Objective:
            loss = adversary_loss(a_c, real, fake)
            a_c.eval()  # spectral norm's power iteration takes one turn a step, whatever the parts
            return Objective(loss, {"adversary_c": loss.detach()})

        a_c.train()
        losses = engine.learn("adversaries", judge, picture, shown).parts
        engine.step(state.optimizer_a)
        return losses
