"""Devices and precisions: what cannot be had is refused, and what is in half precision is right."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tests.train.test_step import batch_of
from train.config import FitConfig, NetworkConfig
from train.cycles import Objective, cycle_c, cycle_v
from train.engine import Engine
from train.errors import TrainError
from train.state import State
from train.step import METHODS

Make = Callable[..., FitConfig]


def cooperative_gradients(config: FitConfig) -> dict[str, Tensor]:
    """Of both cycles together, of all generators."""
    engine, state = Engine(config), State(config)
    engine.adopt(state)
    batch, weigh = batch_of(config), config.weights
    r = engine.residual(state.d, batch.v_other)

    def back(c: Tensor, *maps: Tensor) -> Objective:
        return cycle_c(state.d, state.e, state.a_v, c, list(maps), weigh)

    engine.learn("cycle V", lambda v: cycle_v(state.d, state.e, state.a_c, v, weigh), batch.v)
    engine.learn("cycle C", back, batch.c, *r)
    return {k: p.grad for k, p in state.networks.named_parameters() if p.grad is not None}


@pytest.mark.parametrize(("family", "alike"), [("fast", 0.98), ("paper", 0.92)])
def test_mixed_precision_has_the_gradients_of_full_precision_to_its_accuracy(
    fit_config: Make, family: str, alike: float
) -> None:
    network = NetworkConfig(family=family, size=64, width=8, blocks=2, adversary_width=8)
    exact = cooperative_gradients(fit_config(network=network))
    mixed = cooperative_gradients(fit_config(network=network, precision="bf16-mixed"))
    assert exact.keys() == mixed.keys()
    for part in ("disentangler.content", "disentangler.residual", "entangler", "adversary"):
        a, b = (
            torch.cat([g.flatten() for k, g in grads.items() if k.startswith(part)])
            for grads in (exact, mixed)
        )
        assert torch.nn.functional.cosine_similarity(a, b, dim=0) > alike, part
        assert float(b.norm() / a.norm()) == pytest.approx(1, abs=0.1), part


@pytest.mark.parametrize("family", ["fast", "paper"])
def test_pictures_residuals_and_scores_are_float32_in_mixed_precision(
    fit_config: Make, family: str
) -> None:
    network = NetworkConfig(family=family, size=32, width=8, blocks=2, adversary_width=8)
    config = fit_config(network=network, precision="bf16-mixed")
    networks = State(config).networks
    exact = networks.adversary_c(batch_of(config).v)
    with torch.autocast("cpu", torch.bfloat16):
        c, r = networks.disentangler(batch_of(config).v)
        outputs = [c, *r, networks.entangler(c, r), networks.adversary_c(c)]
        assert torch.equal(networks.adversary_c(batch_of(config).v), exact)
        part, channels = ("hourglass.down_half.0", 12) if family == "fast" else ("0", 3)
        inside = networks.disentangler.content.get_submodule(part)(torch.zeros(1, channels, 32, 32))
    assert {t.dtype for t in outputs} == {torch.float32}
    assert inside.dtype == torch.bfloat16
    # A bfloat16 holds 8 bits, sign included: such a picture would have few levels.
    assert len(c.unique()) > 1000


@pytest.mark.parametrize("method", METHODS)
def test_mixed_precision_takes_a_step_with_finite_losses(fit_config: Make, method: str) -> None:
    config = fit_config(method=method, precision="bf16-mixed")
    engine, state = Engine(config), State(config)
    engine.adopt(state)
    losses = METHODS[method](engine, state, config, batch_of(config))
    assert all(bool(loss.isfinite()) for loss in losses.values())
    assert all(p.dtype == torch.float32 for p in state.networks.parameters())


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"precision": "16-mixed", "accelerator": "cpu"}, "16-mixed needs a GPU"),
        ({"accelerator": "cuda"}, "asks for as many GPUs; PyTorch finds 0"),
    ],
)
def test_what_is_not_to_be_had_here_is_refused(
    fit_config: Make, fields: dict[str, str], message: str
) -> None:
    if torch.cuda.is_available() and "precision" not in fields:
        pytest.skip("there is a GPU")
    with pytest.raises(TrainError, match=message):
        Engine(fit_config(**fields))


def test_processes_that_were_started_but_not_asked_for_are_refused(
    fit_config: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else each would train for itself, into the same folder."""
    monkeypatch.setenv("WORLD_SIZE", "4")
    with pytest.raises(TrainError, match="4 processes were started, but --devices 1 x --nodes 1"):
        Engine(fit_config())


def test_a_batch_that_cannot_be_shared_out_evenly_is_refused(fit_config: Make) -> None:
    with pytest.raises(TrainError, match=r"a multiple of devices x nodes x accumulate = 4"):
        fit_config(batch=6, devices=2, accumulate=2)
