"""Two processes train the same steps as one: run by test_processes.py, `OUT DEVICES`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from tests.train.test_step import batch_of
from train.config import FitConfig, LossWeights, NetworkConfig
from train.distill.config import DistillConfig, DistillWeights, Teacher
from train.distill.lesson import Lesson
from train.distill.state import StudentState
from train.engine import Engine
from train.state import State
from train.step import METHODS, Batch

STEPS = 4
KINDS = {
    "uncooperative": {"method": "uncooperative"},
    "cooperative": {"method": "cooperative"},
    "cyclegan": {"method": "cyclegan", "weights": LossWeights(identity=1)},
    "in parts": {"method": "uncooperative", "accumulate": 2},
    "restoration": {"method": "restoration"},
    "with practice": {"method": "uncooperative", "weights": LossWeights(restoration=2)},
}


def config_of(kind: str, devices: int) -> FitConfig:
    """Few enough images in the histories for them to matter within STEPS."""
    network = NetworkConfig(size=32, width=8, blocks=2, adversary_width=8)
    paths = {name: Path(name) for name in ("v", "c", "out")}
    fields: dict = {"batch": 4, "history": 6, "network": network, **KINDS[kind]}
    return FitConfig(devices=devices, accelerator="cpu", **paths, **fields)


def train(engine: Engine, config: FitConfig) -> State:
    state = State(config)
    engine.adopt(state)
    for step in range(STEPS):
        whole = batch_of(config, step)
        images = ("v", "v_other", "c")
        batch = Batch(**{name: engine.mine(getattr(whole, name)) for name in images})
        METHODS[config.method](engine, state, config, batch)
        state.step += 1
    return state


class Noise:
    """In the place of `Pairs`, whose images are float32: the slices of a whole batch."""

    def __init__(self, config: FitConfig, world: int) -> None:
        self._config, self._world = config, world

    def batch(self, place: int, count: int) -> tuple[Tensor, Tensor]:
        step, rank = divmod(place, self._world)
        whole = batch_of(self._config, step)
        return whole.v[rank * count :][:count], whole.c[rank * count :][:count]


def distil(engine: Engine, asked: FitConfig) -> StudentState:
    """A student with an adversary; what its teacher paints is noise as well."""
    names = ("out", "v", "batch", "history", "network", "devices", "accelerator")
    config = DistillConfig(
        **{name: getattr(asked, name) for name in names},
        weights=DistillWeights(gan_weight=0.5),
        teacher=Teacher(
            path=Path("teacher"),
            run="teacher",
            step=1,
            method="uncooperative",
            network=asked.network,
            sources=(),
            stages=(),
        ),
    )
    state = StudentState(config)
    engine.adopt(state)
    pairs: Any = Noise(asked, engine.world)
    samples: Any = None
    lesson = Lesson(config=config, engine=engine, state=state, pairs=pairs, samples=samples)
    for _ in range(STEPS):
        lesson.step()
        state.update_ema(config.ema)
        state.step += 1
    return state


def main(out: Path, devices: int) -> None:
    torch.set_default_dtype(torch.float64)
    for kind in KINDS:
        config = config_of(kind, devices)
        engine = Engine(config)
        state = train(engine, config)
        save_file(state.tensors(), out / f"{kind}-{engine.rank}-of-{engine.world}.safetensors")
    config = config_of("uncooperative", devices)
    engine = Engine(config)
    student = distil(engine, config)
    save_file(student.tensors(), out / f"distill-{engine.rank}-of-{engine.world}.safetensors")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
