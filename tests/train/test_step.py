"""What each method moves, and what a step costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from train.config import FitConfig, LossWeights
from train.engine import Engine
from train.state import State
from train.step import METHODS, Batch

Make = Callable[..., FitConfig]


def batch_of(config: FitConfig, seed: int = 0) -> Batch:
    draw = torch.Generator().manual_seed(seed)
    shape = (config.batch, 3, config.network.size, config.network.size)
    v, v_other, c = (torch.rand(shape, generator=draw) * 2 - 1 for _ in range(3))
    return Batch(v=v, v_other=v_other, c=c)


def train(config: FitConfig, steps: int = 1) -> State:
    engine, state = Engine(config), State(config)
    engine.adopt(state)
    for step in range(steps):
        METHODS[config.method](engine, state, config, batch_of(config, step))
        state.step += 1
    return state


def moved(before: State, after: State, part: str) -> bool:
    pair = (dict(s.networks.get_submodule(part).named_parameters()) for s in (before, after))
    first, second = pair
    return any(not torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(("method", "e_learns"), [("uncooperative", False), ("cooperative", True)])
def test_only_cooperative_training_lets_e_learn_from_cycle_v(
    fit_config: Make, method: str, e_learns: bool
) -> None:
    """With cycle C's weights at zero, all that could move E is cycle V's loss."""
    weights = LossWeights(lambda_c=0, lambda_r=0, gan_weight=0)
    config = fit_config(method=method, weights=weights, lr=1e-2)
    before, after = State(config), train(config)
    assert moved(before, after, "entangler") is e_learns
    assert moved(before, after, "disentangler.content")
    assert moved(before, after, "disentangler.residual")


@pytest.mark.parametrize(("method", "d_learns"), [("uncooperative", False), ("cooperative", True)])
def test_only_cooperative_training_lets_d_learn_from_cycle_c(
    fit_config: Make, method: str, d_learns: bool
) -> None:
    config = fit_config(method=method, weights=LossWeights(lambda_v=0, gan_weight=0), lr=1e-2)
    before, after = State(config), train(config)
    assert moved(before, after, "disentangler.content") is d_learns
    assert moved(before, after, "disentangler.residual") is d_learns
    assert moved(before, after, "entangler")


def test_cyclegan_has_two_equal_translators_and_no_residual(fit_config: Make) -> None:
    config = fit_config(method="cyclegan", lr=1e-2)
    before, after = State(config), train(config)
    d, e = after.networks.disentangler, after.networks.entangler
    shapes = [[tuple(p.shape) for p in n.parameters()] for n in (d.content, e)]
    assert shapes[0] == shapes[1]
    assert list(d.residual.parameters()) == []
    assert d(batch_of(config).v)[1] == []
    assert moved(before, after, "disentangler.content")
    assert moved(before, after, "entangler")


def test_cyclegan_without_identity_differs_from_cyclegan_with_it(fit_config: Make) -> None:
    plain = train(fit_config(method="cyclegan"))
    held = train(fit_config(method="cyclegan", weights=LossWeights(identity=1)))
    assert moved(plain, held, "disentangler.content")


@pytest.mark.parametrize("method", METHODS)
def test_each_network_is_run_no_more_often_than_the_equations_say(
    fit_config: Make, method: str
) -> None:
    config = fit_config(method=method)
    engine, state = Engine(config), State(config)
    engine.adopt(state)
    runs: Counter[str] = Counter()

    def count(name: str) -> Callable[[nn.Module, tuple[Tensor, ...], object], None]:
        return lambda *_: runs.update([name])

    networks = state.networks
    for name, network in {
        "d_c": networks.disentangler.content.hourglass,  # called by whatever way
        "d_r": networks.disentangler.residual,
        "e": networks.entangler,
        "a_c": networks.adversary_c,
        "a_v": networks.adversary_v,
    }.items():
        network.register_forward_hook(count(name))
    METHODS[method](engine, state, config, batch_of(config))
    # D: in both cycles; D_R once more for cycle C's r. Adversaries: for the generators, and for
    # themselves, real and generated in one pass. Practice alone knows only D_C.
    of_cycles = {"d_c": 2, "d_r": 3, "e": 2, "a_c": 2, "a_v": 2}
    assert runs == ({"d_c": 1} if method == "restoration" else of_cycles)


def test_an_uncooperative_step_takes_less_arithmetic_than_a_cooperative_one(
    fit_config: Make,
) -> None:
    """The same passes forward, and fewer gradients: none of a frozen network's weights."""
    flops = {}
    for method in ("uncooperative", "cooperative"):
        with FlopCounterMode(display=False) as counter:
            train(fit_config(method=method))
        flops[method] = counter.get_total_flops()
    assert 0.7 < flops["uncooperative"] / flops["cooperative"] < 0.95


@pytest.mark.parametrize("method", METHODS)
def test_a_step_in_parts_is_the_same_step(fit_config: Make, method: str) -> None:
    torch.set_default_dtype(torch.float64)
    try:
        whole = train(fit_config(method=method, batch=4), steps=3)
        parts = train(fit_config(method=method, batch=4, accumulate=2), steps=3)
    finally:
        torch.set_default_dtype(torch.float32)
    for (name, a), b in zip(
        whole.networks.state_dict().items(), parts.networks.state_dict().values(), strict=True
    ):
        assert torch.allclose(a, b, rtol=0, atol=1e-9), name


def test_practice_alone_moves_d_c_alone(fit_config: Make) -> None:
    config = fit_config(method="restoration")
    before, after = State(config), train(config)
    assert moved(before, after, "disentangler.content")
    for part in ("disentangler.residual", "entangler", "adversary_c", "adversary_v"):
        assert not moved(before, after, part)


@pytest.mark.parametrize("method", ["uncooperative", "cooperative", "cyclegan"])
def test_practice_beside_a_method_moves_d_c_another_way_and_nothing_else_in_that_step(
    fit_config: Make, method: str
) -> None:
    """But in the uncooperative step E learns from the D that has moved already."""
    plain = train(fit_config(method=method))
    practised = train(fit_config(method=method, weights=LossWeights(restoration=2)))
    assert moved(plain, practised, "disentangler.content")
    assert not moved(plain, practised, "disentangler.residual")
    assert moved(plain, practised, "entangler") is (method == "uncooperative")


def test_practice_knows_normals_and_is_no_finer_than_d_c_looks(
    fit_config: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = replace(fit_config().network, size=64, seen=32, enlarged=True, adversary_layers=2)
    config = fit_config(method="restoration", network=network)
    asked: list[tuple[object, int]] = []

    def remember(
        c: Tensor, v: Tensor, rng: object, normals: Tensor | None = None, *, shrink: int
    ) -> Tensor:
        asked.append((normals, shrink))
        return c

    monkeypatch.setattr("train.step.disturb", remember)
    engine, state = Engine(config), State(config)
    engine.adopt(state)
    batch = batch_of(config)
    METHODS["restoration"](engine, state, config, batch)
    METHODS["restoration"](engine, state, config, replace(batch, normals=batch.v))
    assert asked == [(None, 2), (batch.v, 2)]


def test_practice_is_disturbed_anew_in_each_step_and_alike_in_a_repeated_one(
    fit_config: Make,
) -> None:
    config = fit_config(method="restoration", lr=0.0)
    engine, state = Engine(config), State(config)
    engine.adopt(state)
    batch = batch_of(config)
    losses = []
    for step in (0, 1, 0):
        state.step = step
        losses.append(float(METHODS["restoration"](engine, state, config, batch)["l_restored"]))
    assert losses[0] == losses[2] != losses[1]
