"""`Unpaired`: the task of `fit` - D and E from unpaired images of V and C."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from train.config import FitConfig
from train.data import ImageSet
from train.engine import Engine
from train.likeness import Likeness
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
    normals: ImageSet | None = None
    """The normal passes of c, picture for picture."""
    likeness: Likeness = field(init=False)
    """See `Batch`."""

    def __post_init__(self) -> None:
        likeness = Likeness.of(self.c.images) if self.config.practises else Likeness.plain()
        object.__setattr__(self, "likeness", likeness.to(self.engine.device))

    def step(self) -> Losses:
        with self.engine.clock.measure("data"):
            batch = draw(self.engine, self.config, self.state.step, self.v, self.c, self.normals)
            batch = replace(batch, likeness=self.likeness)
        return METHODS[self.config.method](self.engine, self.state, self.config, batch)

    def error(self, means: Mapping[str, float]) -> float:
        """|v - v'| + |c - c'| (Sec. 3.5); of practice alone, that of what is restored."""
        if self.config.method == "restoration":
            return means["l_restored"]
        return means["l_v"] + means["l_c"]

    def sample(self) -> Sample:
        return Sample(path=write_samples(self.state, self.config, self.v, self.c, self.normals))


def draw(
    engine: Engine,
    config: FitConfig,
    step: int,
    v: ImageSet,
    c: ImageSet,
    normals: ImageSet | None = None,
) -> Batch:
    """This process's slice of the images of a step."""
    count = config.batch // engine.world
    place = step * engine.world + engine.rank
    return Batch(
        v=engine.put(v.batch(place, count, config.seed)),
        v_other=engine.put(v.batch(place, count, config.seed + 1)),
        c=engine.put(c.batch(place, count, config.seed + 2)),
        normals=None
        if normals is None
        else engine.put(normals.batch(place, count, config.seed + 2)),  # the same pictures
    )
