"""`Unpaired`: the task of `fit` - D and E from unpaired images of V and C."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from train.config import FitConfig
from train.data import ImageSet
from train.engine import Engine
from train.samples import write_samples
from train.state import State
from train.step import METHODS, Batch
from train.task import Losses, Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpaired:
    """See `Task`."""

    config: FitConfig
    engine: Engine
    state: State
    v: ImageSet
    c: ImageSet

    def step(self) -> Losses:
        with self.engine.clock.measure("data"):
            batch = draw(self.engine, self.config, self.state.step, self.v, self.c)
        return METHODS[self.config.method](self.engine, self.state, self.config, batch)

    def error(self, means: Mapping[str, float]) -> float:
        """|v - v'| + |c - c'| (Sec. 3.5)."""
        return means["l_v"] + means["l_c"]

    def sample(self) -> Sample:
        return Sample(path=write_samples(self.state, self.config, self.v, self.c))


def draw(engine: Engine, config: FitConfig, step: int, v: ImageSet, c: ImageSet) -> Batch:
    """This process's slice of the images of a step."""
    count = config.batch // engine.world
    place = step * engine.world + engine.rank
    return Batch(
        v=engine.put(v.batch(place, count, config.seed)),
        v_other=engine.put(v.batch(place, count, config.seed + 1)),
        c=engine.put(c.batch(place, count, config.seed + 2)),
    )
