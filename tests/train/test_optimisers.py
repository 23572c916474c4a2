"""Muon: how far a step goes, in which directions, and which weights of D it is for."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

import pytest
import torch
from torch import nn

from train.config import FitConfig, NetworkConfig
from train.errors import TrainError
from train.optimisers import Muon, orthogonal
from train.state import State

Make = Callable[..., FitConfig]
LR = 1e-3


@pytest.mark.parametrize("shape", [(16, 16), (8, 200), (200, 8)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_all_directions_of_a_matrix_become_about_as_strong(
    shape: tuple[int, int], dtype: torch.dtype
) -> None:
    count = min(shape)
    left, right = (torch.linalg.qr(torch.randn(side, count))[0] for side in shape)
    strengths = torch.logspace(-1, 1, count)
    found = orthogonal(((left * strengths) @ right.T).to(dtype)).float()
    assert found.shape == shape
    along = torch.einsum("mk,mn,nk->k", left, found, right)
    assert 0.5 < float(along.min()) <= float(along.max()) < 1.4


@pytest.mark.parametrize("shape", [(16, 8, 3, 3), (8, 300)])
def test_a_step_goes_as_far_as_its_rate_and_against_the_gradient(shape: tuple[int, ...]) -> None:
    weight = nn.Parameter(torch.zeros(shape))
    optimizer = Muon(LR, [([weight], 1.0)])
    optimizer.param_groups[0]["lr"] = LR
    weight.grad = 1e-4 * torch.randn(shape)
    optimizer.step()
    assert LR / 2 < weight.square().mean().sqrt() < 1.4 * LR
    assert (weight * weight.grad).sum() < 0


def test_how_a_weight_lies_in_memory_changes_nothing() -> None:
    ends = []
    gradients = torch.randn(3, 16, 8, 3, 3)
    for form in (torch.contiguous_format, torch.channels_last):
        weight = nn.Parameter(torch.ones(16, 8, 3, 3).to(memory_format=form))
        optimizer = Muon(LR, [([weight], 1.0)])
        optimizer.param_groups[0]["lr"] = LR
        for gradient in gradients:
            weight.grad = gradient.to(memory_format=form)
            optimizer.step()
        ends.append(weight.detach())
    assert torch.equal(*ends)


def test_a_weight_without_a_gradient_stays() -> None:
    weight = nn.Parameter(torch.ones(4, 4))
    Muon(LR, [([weight], 1.0)]).step()
    assert (weight == 1).all()


@pytest.mark.parametrize("refined", [None, 64])
def test_in_practice_muon_takes_hidden_layers_and_adam_the_rest(
    fit_config: Make, refined: int | None
) -> None:
    seen = None if refined is None else refined // 2
    network = NetworkConfig(size=128, seen=seen, refined=refined, enlarged=refined is not None)
    state = State(fit_config(method="restoration", network=network))
    names = {id(p): name for name, p in state.networks.disentangler.named_parameters()}
    taken = {
        name: {names[id(p)] for group in optimizer.param_groups for p in group["params"]}
        for name, optimizer in state.optimizers.items()
        if name.startswith("optimizer_d")
    }
    assert sorted(chain(*taken.values())) == sorted(names.values())
    hidden = taken["optimizer_d_hidden"]
    assert "content.hourglass.down_half.0.weight" in hidden
    assert "content.hourglass.summary.spread.weight" in hidden
    assert ("content.closer.of_copy.weight" in hidden) == (refined is not None)
    ends = ("pose", "place", "to_change", "to_finer", "stretch", "bias")
    assert not [name for name in hidden if any(end in name for end in ends)]


def test_cycles_are_trained_by_adam_and_practice_may_be(fit_config: Make) -> None:
    for asked in ({"method": "uncooperative"}, {"method": "restoration", "optimizer": "adam"}):
        assert "optimizer_d_hidden" not in State(fit_config(**asked)).optimizers


def test_muon_is_for_the_fast_family(fit_config: Make) -> None:
    paper = NetworkConfig(family="paper", size=32)
    assert fit_config(method="restoration", network=paper).usual_optimizer == "adam"
    with pytest.raises(TrainError, match="--optimizer muon is for --network fast"):
        fit_config(method="restoration", network=paper, optimizer="muon")
