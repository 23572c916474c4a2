"""Two processes train the same steps as one: run by test_processes.py, `OUT DEVICES`."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

from tests.train.test_step import batch_of
from train.config import FitConfig, LossWeights, NetworkConfig
from train.engine import Engine
from train.state import State
from train.step import METHODS, Batch

STEPS = 4
KINDS = {
    "uncooperative": {"method": "uncooperative"},
    "cooperative": {"method": "cooperative"},
    "cyclegan": {"method": "cyclegan", "weights": LossWeights(identity=1)},
    "in parts": {"method": "uncooperative", "accumulate": 2},
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
        batch = Batch(**{name: engine.mine(getattr(whole, name)) for name in Batch.__slots__})
        METHODS[config.method](engine, state, config, batch)
        state.step += 1
    return state


def main(out: Path, devices: int) -> None:
    torch.set_default_dtype(torch.float64)
    for kind in KINDS:
        config = config_of(kind, devices)
        engine = Engine(config)
        state = train(engine, config)
        save_file(state.tensors(), out / f"{kind}-{engine.rank}-of-{engine.world}.safetensors")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
