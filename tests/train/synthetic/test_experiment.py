"""The batched loop is the plain loop, run many times over; each method moves what it should."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from train.config import LossWeights
from train.cycles import adversary_loss, cycle_c, cycle_v, frozen
from train.synthetic.config import SETTINGS, SyntheticConfig
from train.synthetic.data import NormalNumbers, samples
from train.synthetic.experiment import Experiment
from train.synthetic.kind import Group, Kind
from train.synthetic.model import Perceptrons, Population

MakeConfig = Callable[..., SyntheticConfig]


def plain(network: Perceptrons, row: int) -> nn.Sequential:
    """One row as an ordinary module on [B,features]."""
    hidden, inputs = network.weight_in.shape[1:]
    first, second = nn.Linear(inputs, hidden), nn.Linear(hidden, network.weight_out.shape[1])
    with torch.no_grad():
        first.weight.copy_(network.weight_in[row])
        first.bias.copy_(network.bias_in[row, :, 0])
        second.weight.copy_(network.weight_out[row])
        second.bias.copy_(network.bias_out[row, :, 0])
    return nn.Sequential(first, nn.LeakyReLU(network.slope), second)


class PlainD(nn.Module):
    def __init__(self, networks: Population, row: int) -> None:
        super().__init__()
        self.content, self.residual = plain(networks.content, row), plain(networks.residual, row)

    def forward(self, v: Tensor) -> tuple[Tensor, list[Tensor]]:
        return self.content(v), [self.residual(v)]


class PlainE(nn.Module):
    def __init__(self, networks: Population, row: int) -> None:
        super().__init__()
        self.network = plain(networks.entangler, row)

    def forward(self, c: Tensor, r: list[Tensor]) -> Tensor:
        return self.network(torch.cat([c, *r], dim=1))


def train_plainly(config: SyntheticConfig, group: Group, seed: int) -> list[Tensor]:
    """The paper's loop for one run, with the losses that images are trained with."""
    networks = Population([seed])
    d, e = PlainD(networks, 0), PlainE(networks, 0)
    a_c, a_v = plain(networks.adversary_c, 0), plain(networks.adversary_v, 0)
    setting, numbers = SETTINGS[group.setting], NormalNumbers([seed], config.batch)
    weigh = LossWeights(
        lambda_v=setting.lambda_v,
        lambda_c=setting.lambda_c,
        lambda_r=setting.lambda_r,
        gan_weight=setting.gan_weight,
    )

    def adam(lr: float, *modules: nn.Module) -> torch.optim.Adam:
        parameters = [p for module in modules for p in module.parameters()]
        return torch.optim.Adam(parameters, lr=lr, betas=(0.5, 0.999))

    adam_d, adam_e = adam(config.lr, d), adam(config.lr, e)
    adam_a = adam(setting.adversary_lr, a_c, a_v)

    def descend(loss: Tensor, *adams: torch.optim.Adam) -> None:
        for one in adams:
            one.zero_grad()
        loss.backward()
        for one in adams:
            one.step()

    for step in range(config.steps):
        for one, lr in ((adam_d, config.lr), (adam_e, config.lr), (adam_a, setting.adversary_lr)):
            one.param_groups[0]["lr"] = lr * config.lr_factor(step)
        c, v, other = (x[0].T for x in samples([group.data], numbers.after(step)[0]))
        if group.method == "uncooperative":
            with frozen(e, a_c):
                forth = cycle_v(d, e, a_c, v, weigh)
            descend(forth.loss, adam_d)
            r = [d.residual(other).detach()]
            with frozen(d, a_v):
                back = cycle_c(d, e, a_v, c, r, weigh)
            descend(back.loss, adam_e)
        else:
            r = [d.residual(other).detach()]
            with frozen(a_c, a_v):
                forth = cycle_v(d, e, a_c, v, weigh)
                back = cycle_c(d, e, a_v, c, r, weigh)
            descend(forth.loss + back.loss, adam_d, adam_e)
        descend(adversary_loss(a_c, c, forth.fake) + adversary_loss(a_v, v, back.fake), adam_a)
    return [p.detach() for module in (d, e, a_c, a_v) for p in module.parameters()]


def row(kind: Kind, index: int) -> list[Tensor]:
    """The same list from one row of the batched networks."""
    n = kind.networks
    modules = (n.content, n.residual, n.entangler, n.adversary_c, n.adversary_v)
    return [p.detach() for m in modules for p in plain(m, index).parameters()]


def test_each_row_is_the_run_that_it_would_be_alone(synthetic_config: MakeConfig) -> None:
    every = {"settings": ("paper", "balanced"), "data": ("isotropic", "clusters")}
    config = synthetic_config(first_seed=4, **every)
    experiment = Experiment(config)
    experiment.advance(config.steps)
    assert len(experiment.kinds) == 8
    for kind in experiment.kinds:
        alone = train_plainly(config, kind.group, seed=5)
        for got, wanted in zip(row(kind, 1), alone, strict=True):
            torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("without", "network"),
    [(("lambda_c", "lambda_r"), "e"), (("lambda_v",), "d")],
    ids=["E without cycle C", "D without cycle V"],
)
def test_only_cooperative_rows_learn_from_a_cycle_that_is_not_their_own(
    synthetic_config: MakeConfig, without: tuple[str, ...], network: str
) -> None:
    experiment = Experiment(synthetic_config(steps=2))
    for kind in experiment.kinds:
        kind.weights = replace(kind.weights, gan_weight=0, **dict.fromkeys(without, 0.0))
        before = [p.clone() for p in parameters(kind, network)]
        kind.train(torch.randn(2, 3, 5, 16))
        pairs = zip(before, parameters(kind, network), strict=True)
        moved = any(not torch.equal(a, b) for a, b in pairs)
        assert moved == (kind.group.method == "cooperative")


def parameters(kind: Kind, network: str) -> list[nn.Parameter]:
    n = kind.networks
    modules = (n.content, n.residual) if network == "d" else (n.entangler,)
    return [p for module in modules for p in module.parameters()]


def test_kinds_of_run_start_from_the_same_weights(synthetic_config: MakeConfig) -> None:
    kinds = Experiment(synthetic_config()).kinds
    starts = [row(kind, 0) for kind in kinds]
    for start in starts[1:]:
        assert all(torch.equal(a, b) for a, b in zip(start, starts[0], strict=True))
    assert not torch.equal(starts[0][0], row(kinds[0], 1)[0])


def test_threads_change_nothing(synthetic_config: MakeConfig) -> None:
    one, two = (Experiment(synthetic_config(threads=threads)) for threads in (1, 2))
    for experiment in (one, two):
        experiment.advance(6)
    for name, tensor in one.state().items():
        assert torch.equal(tensor, two.state()[name]), name
