"""A stopped experiment goes on exactly; another one's folder is not taken for its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from train.errors import BadCheckpoint, NotSaved
from train.synthetic import state
from train.synthetic.config import SyntheticConfig
from train.synthetic.experiment import Experiment

MakeConfig = Callable[..., SyntheticConfig]


def trained(config: SyntheticConfig, until: int) -> tuple[Experiment, state.Curves]:
    experiment, curves = Experiment(config), state.Curves()
    curves.add(experiment)
    experiment.advance(until)
    curves.add(experiment)
    return experiment, curves


def test_stopping_changes_nothing(synthetic_config: MakeConfig) -> None:
    config = synthetic_config()
    config.out.mkdir()
    whole, _ = trained(config, until=6)
    stopped, curves = trained(config, until=3)
    state.save(stopped, curves, seconds=2.5)

    resumed, taken_up = Experiment(config), state.Curves()
    assert state.load(resumed, taken_up) == 2.5
    assert resumed.done == 3
    assert taken_up.steps == [0, 3]
    assert torch.equal(taken_up.values["rho_r"][1], curves.values["rho_r"][1])
    resumed.advance(6)
    for name, tensor in whole.state().items():
        assert torch.equal(tensor, resumed.state()[name]), name


def test_a_folder_of_another_experiment_is_refused(synthetic_config: MakeConfig) -> None:
    config = synthetic_config()
    config.out.mkdir()
    state.save(*trained(config, until=1), seconds=0)
    other = synthetic_config(batch=8)
    with pytest.raises(BadCheckpoint, match="another batch"):
        state.load(Experiment(other), state.Curves())


def test_a_damaged_file_is_named(synthetic_config: MakeConfig) -> None:
    config = synthetic_config()
    config.out.mkdir()
    path = config.out / state.FILE
    path.write_bytes(b"not tensors")
    with pytest.raises(BadCheckpoint, match="cannot be read"):
        state.load(Experiment(config), state.Curves())


def test_a_failed_save_is_said_and_leaves_the_file_before(synthetic_config: MakeConfig) -> None:
    config = synthetic_config()
    config.out.mkdir()
    experiment, curves = trained(config, until=1)
    path = state.save(experiment, curves, seconds=1)
    before = path.read_bytes()
    path.with_suffix(".partial").mkdir()  # in the way of the new file
    with pytest.raises(NotSaved, match="cannot be written"):
        state.save(experiment, curves, seconds=2)
    assert path.read_bytes() == before
