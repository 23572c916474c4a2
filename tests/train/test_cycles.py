"""Who moves in which cycle, and what the losses say."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from train.config import LossWeights, NetworkConfig
from train.cycles import adversary_loss, cycle_c, cycle_v, frozen, identity, restoration
from train.likeness import SIDE, Likeness
from train.networks import Networks

WEIGHTS = LossWeights()


@pytest.fixture
def networks() -> Networks:
    torch.manual_seed(3)
    return Networks(NetworkConfig(size=32, width=8, blocks=2, adversary_width=8)).eval()


@pytest.fixture
def images() -> tuple[Tensor, Tensor]:
    torch.manual_seed(4)
    return torch.rand(2, 3, 32, 32) * 2 - 1, torch.rand(2, 3, 32, 32) * 2 - 1


def gradients(module: nn.Module) -> list[Tensor]:
    return [p.grad for p in module.parameters() if p.grad is not None]


def test_cycle_v_moves_d_alone_and_its_gradient_passes_through_e(
    networks: Networks, images: tuple[Tensor, Tensor]
) -> None:
    d, e, a = networks.disentangler, networks.entangler, networks.adversary_c
    weights = LossWeights(gan_weight=0)  # the reconstruction's gradient alone, which is behind E
    with frozen(e, a) as (fixed_e, fixed_a):
        cycle = cycle_v(d, fixed_e, fixed_a, images[0], weights)
    cycle.loss.backward()
    assert not gradients(e)
    assert not gradients(a)
    assert all(p.grad is not None for p in d.content.parameters())
    assert all(p.grad is not None for p in d.residual.parameters())
    assert sum(float(g.abs().sum()) for g in gradients(d.content)) > 0


def test_cycle_c_moves_e_alone_and_its_gradient_passes_through_d(
    networks: Networks, images: tuple[Tensor, Tensor]
) -> None:
    d, e, a = networks.disentangler, networks.entangler, networks.adversary_v
    r = [m.detach() for m in d.find_residual(images[0])]
    weights = LossWeights(gan_weight=0)
    with frozen(d, a) as (fixed_d, fixed_a):
        cycle = cycle_c(fixed_d, e, fixed_a, images[1], r, weights)
    cycle.loss.backward()
    assert not gradients(d)
    assert not gradients(a)
    assert all(p.grad is not None for p in e.parameters())
    assert sum(float(g.abs().sum()) for g in gradients(e)) > 0


def test_frozen_gives_back_what_it_took_and_leaves_alone_what_was_frozen_before(
    networks: Networks,
) -> None:
    first = next(networks.entangler.parameters())
    first.requires_grad_(False)
    with frozen(networks.entangler):
        assert not any(p.requires_grad for p in networks.entangler.parameters())
    assert not first.requires_grad
    assert sum(not p.requires_grad for p in networks.entangler.parameters()) == 1


def test_the_generators_are_rewarded_for_looking_real(
    networks: Networks, images: tuple[Tensor, Tensor]
) -> None:
    """Not for looking fake, as Eq. 1 is printed."""

    class Score(nn.Module):
        def __init__(self, value: float) -> None:
            super().__init__()
            self.value = value

        def forward(self, image: Tensor) -> Tensor:
            return torch.full((len(image), 1, 2, 2), self.value)

    d, e = networks.disentangler, networks.entangler
    convinced = cycle_v(d, e, Score(1.0), images[0], WEIGHTS).loss.detach()
    unconvinced = cycle_v(d, e, Score(0.0), images[0], WEIGHTS).loss.detach()
    assert float(unconvinced - convinced) == pytest.approx(0.5)
    assert float(adversary_loss(Score(1.0), images[0], images[1])) == pytest.approx(0.5)


def test_perfect_inverses_have_no_reconstruction_loss() -> None:
    class Split(nn.Module):
        def forward(self, v: Tensor) -> tuple[Tensor, list[Tensor]]:
            return v[:, :3], [v[:, 3:]]

    class Join(nn.Module):
        def forward(self, c: Tensor, r: list[Tensor]) -> Tensor:
            return torch.cat([c, r[0]], 1)

    v, c, r = torch.rand(2, 4, 8, 8), torch.rand(2, 3, 8, 8), [torch.rand(2, 1, 8, 8)]
    weights = LossWeights(gan_weight=0)
    score = nn.Identity()
    assert float(cycle_v(Split(), Join(), score, v, weights).loss) == 0
    assert float(cycle_c(Split(), Join(), score, c, r, weights).loss) == 0


def test_a_cycle_without_a_residual_has_only_pictures_to_compare() -> None:
    class Split(nn.Module):
        def forward(self, v: Tensor) -> tuple[Tensor, list[Tensor]]:
            return 0.5 * v, []

    class Join(nn.Module):
        def forward(self, c: Tensor, r: list[Tensor]) -> Tensor:
            assert r == []
            return 0.5 * c

    images = torch.ones(2, 3, 8, 8)
    weights = LossWeights(lambda_v=4, lambda_c=8, gan_weight=0, identity=2)
    score = nn.Identity()
    forth = cycle_v(Split(), Join(), score, images, weights)
    back = cycle_c(Split(), Join(), score, images, [], weights)
    assert float(forth.loss) == pytest.approx(4 * 0.75)
    assert float(back.loss) == pytest.approx(8 * 0.75)
    assert set(forth.parts | back.parts) == {"l_v", "gan_c", "l_c", "gan_v"}
    same = identity(Split(), Join(), images, images, weights)
    assert float(same.loss) == pytest.approx(2 * (0.5 + 0.5))


def test_a_generators_step_does_not_turn_the_adversaries_power_iteration(
    networks: Networks, images: tuple[Tensor, Tensor]
) -> None:
    before = {k: t.clone() for k, t in networks.adversary_c.state_dict().items()}
    with frozen(networks.adversary_c):
        networks.adversary_c(images[0])
    after = networks.adversary_c.state_dict()
    assert all(torch.equal(before[k], after[k]) for k in before)
    networks.adversary_c.train()
    networks.adversary_c(images[0])
    after = networks.adversary_c.state_dict()
    assert any(not torch.equal(before[k], after[k]) for k in before)


def test_restoration_is_the_error_of_what_is_found_under_a_disturbance() -> None:
    """Each place as much as it counts; the log has the plain error."""
    c = torch.zeros(2, 3, 4, 4)
    disturbed = c.clone()
    disturbed[..., :2] = 0.5
    counts = torch.ones(4, 4)
    counts[:, :2] = 3
    likeness = replace(Likeness.plain(), counts=counts)
    found = restoration(nn.Identity(), disturbed, c, likeness, WEIGHTS)
    assert found.loss == pytest.approx(0.5 * (0.5 * 3))
    assert found.parts["l_restored"] == pytest.approx(0.25)
    assert restoration(nn.Identity(), c, c, likeness, WEIGHTS).loss == 0


def test_restoration_counts_what_is_missed_along_the_eigenpictures() -> None:
    c = torch.zeros(2, 3, SIDE, SIDE)
    missed = torch.zeros(3, SIDE, SIDE)
    missed[:, 3, 5] = 2.0
    along = missed.flatten()[None] / 12  # 1 for what is missed
    likeness = replace(Likeness.plain(), directions=along)
    for weight in (0.0, 0.7):
        weigh = LossWeights(eigen_weight=weight)
        found = restoration(nn.Identity(), c + missed, c, likeness, weigh)
        assert found.loss == pytest.approx(float(missed.mean()) + weight * 0.5)
