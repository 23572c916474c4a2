"""`Unpaired`: the task of `fit` - D and E from unpaired images of V and C."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from train.config import FitConfig
from train.data import ImageSet
from train.engine import Engine
from train.samples import write_samples
from train.state import State
from train.step import METHODS, Batch
from train.task import Losses, Sample

MORE_WHERE_IT_CHANGES = 4.0
"""By how much a place that changes as much as the average one counts more than one that never does.
A mouth is a small part of a picture that stands still otherwise."""
SURVEYED = 200
"""Renders by which it is told where they change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpaired:
    """See `Task`."""

    config: FitConfig
    engine: Engine
    state: State
    v: ImageSet
    c: ImageSet
    counts: Tensor = field(init=False)
    """See `Batch`."""

    def __post_init__(self) -> None:
        practises = self.config.method == "restoration" or self.config.weights.restoration
        counts = where_it_changes(self.c) if practises else torch.ones(())
        object.__setattr__(self, "counts", self.engine.put(counts))

    def step(self) -> Losses:
        with self.engine.clock.measure("data"):
            batch = draw(self.engine, self.config, self.state.step, self.v, self.c)
            batch = replace(batch, counts=self.counts)
        return METHODS[self.config.method](self.engine, self.state, self.config, batch)

    def error(self, means: Mapping[str, float]) -> float:
        """|v - v'| + |c - c'| (Sec. 3.5); of practice alone, that of what is restored."""
        if self.config.method == "restoration":
            return means["l_restored"]
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


def where_it_changes(c: ImageSet) -> Tensor:
    """How much each place of a render is to count, float[H,W]: 1, and more where renders differ."""
    some = c.images[:: -(-len(c) // SURVEYED)]
    changes = some.std(0, dtype=np.float32).mean(2)  # [H,W]
    return torch.from_numpy(1 + MORE_WHERE_IT_CHANGES * changes / (changes.mean() + 1e-6))
