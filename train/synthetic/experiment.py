"""The training loop of the synthetic experiment: every run of every kind is a row of one model.

Each loss is averaged within a run and then summed over runs, so that no run's gradient knows of
another's. The methods differ in who learns from which cycle, and in nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor, nn

from train.synthetic.config import METHODS, SETTINGS, DataName, Method, SettingName, SyntheticConfig
from train.synthetic.data import NormalNumbers, samples
from train.synthetic.learner import NONE, Learner, learners
from train.synthetic.model import Population


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one kind of run, one row for each seed."""

    method: Method
    setting: SettingName
    data: DataName
    rows: slice


def groups(config: SyntheticConfig) -> list[Group]:
    """All kinds, in the order of the rows: by method, then setting, then data."""
    kinds = product(METHODS, config.settings, config.data)
    return [
        Group(method, setting, data, slice(i * config.seeds, (i + 1) * config.seeds))
        for i, (method, setting, data) in enumerate(kinds)
    ]


class RowAdam:
    """torch's Adam over some rows of batched parameters, with a learning rate for each block.

    The optimiser's parameters are views: its steps move the rows of the networks themselves, by
    the gradients that `Learner` has left in `grad`.
    """

    def __init__(self, module: nn.Module, blocks: list[tuple[slice, float]]) -> None:
        self._rates = [lr for _, lr in blocks]
        self._adam = torch.optim.Adam(
            [{"params": _views(module, rows)} for rows, _ in blocks], betas=(0.5, 0.999), fused=True
        )

    def step(self, factor: float) -> None:
        for options, lr in zip(self._adam.param_groups, self._rates, strict=True):
            options["lr"] = lr * factor
        self._adam.step()

    def state(self) -> dict[str, Tensor]:
        """Both moments and the step of each parameter, by name."""
        state = self._adam.state_dict()["state"]
        return {f"{i}.{name}": t for i, kept in state.items() for name, t in kept.items()}

    def load_state(self, state: dict[str, Tensor]) -> None:
        kept: dict[int, dict[str, Tensor]] = {}
        for key, tensor in state.items():
            index, name = key.split(".")
            kept.setdefault(int(index), {})[name] = tensor
        groups = self._adam.state_dict()["param_groups"]
        self._adam.load_state_dict({"state": kept, "param_groups": groups})


class Experiment:
    """All runs of a config."""

    def __init__(self, config: SyntheticConfig) -> None:
        self.config = config
        self.groups = groups(config)
        seeds = range(config.first_seed, config.first_seed + config.seeds)
        self._copies = len(METHODS) * len(config.settings)
        self._numbers = NormalNumbers(seeds, config.batch)
        self.networks = Population(seeds, self._copies * len(config.data))
        self.d = nn.ModuleList([self.networks.content, self.networks.residual])
        self.e = self.networks.entangler
        self.a = nn.ModuleList([self.networks.adversary_c, self.networks.adversary_v])
        self.weights = self._weights_by_row()
        self._content, self._residual, self._entangler, self._adversary_c, self._adversary_v = (
            learners(*self.d, self.e, *self.a, batch=config.batch)
        )
        self._cooperative = slice(len(self.groups) // 2 * config.seeds, None)
        self._adam_d = {method: RowAdam(self.d, self._blocks(method)) for method in METHODS}
        self._adam_e = {method: RowAdam(self.e, self._blocks(method)) for method in METHODS}
        self._adam_a = RowAdam(self.a, self._adversary_blocks())
        self._adams = {"a": self._adam_a}
        self._adams |= {f"d_{method}": adam for method, adam in self._adam_d.items()}
        self._adams |= {f"e_{method}": adam for method, adam in self._adam_e.items()}
        self.done = 0

    def run(self) -> Iterator[int]:
        """Train; yields the number of steps done after each one."""
        while self.done < self.config.steps:
            c, v, other = (
                x.repeat(self._copies, 1, 1)
                for x in samples(self.config.data, self._numbers.at(self.done))
            )
            self.step(c, v, other, self.config.lr_factor(self.done))
            self.done += 1
            yield self.done

    @torch.no_grad()
    def step(self, c: Tensor, v: Tensor, other: Tensor, factor: float) -> None:
        """One step of every run. c float[rows,1,B], v and other float[rows,2,B].

        Uncooperative: D moves on cycle V alone, then E on cycle C alone, which sees the new D.
        Cooperative: both move on the sum of both cycles.
        """
        self.networks.zero_grad(set_to_none=False)
        c_fake = self._cycle_v(v)
        self._adam_d["uncooperative"].step(factor)
        v_fake = self._cycle_c(c, other)
        self._adam_e["uncooperative"].step(factor)
        self._adam_d["cooperative"].step(factor)
        self._adam_e["cooperative"].step(factor)
        self._judge(self._adversary_c, c, c_fake)
        self._judge(self._adversary_v, v, v_fake)
        self._adam_a.step(factor)

    def state(self) -> dict[str, Tensor]:
        """All that training goes on from; the samples follow from the step."""
        tensors = {f"networks/{k}": t for k, t in self.networks.state_dict().items()}
        for name, adam in self._adams.items():
            tensors |= {f"{name}/{k}": t for k, t in adam.state().items()}
        return tensors | {"done": torch.tensor(self.done)}

    def load_state(self, tensors: dict[str, Tensor]) -> None:
        """Take up what `state` gave."""
        parts: dict[str, dict[str, Tensor]] = {}
        for key, tensor in tensors.items():
            part, _, name = key.partition("/")
            parts.setdefault(part, {})[name] = tensor
        self.done = int(parts.pop("done")[""])
        self.networks.load_state_dict(parts.pop("networks"))
        for part, state in parts.items():
            self._adams[part].load_state(state)

    def _cycle_v(self, v: Tensor) -> Tensor:
        """v -> (c', r') -> v' and back with the gradients of its loss; c'.

        D learns from it; E is frozen, but where runs cooperate.
        """
        weights = self.weights
        c_fake, r_fake = self._content.forward(v), self._residual.forward(v)
        v_back = self._entangler.forward(torch.cat([c_fake, r_fake], dim=1))
        l_v = weights["lambda_v"] * _by_absolute(v_back, v)
        by_c, by_r = self._entangler.backward(l_v, learning=self._cooperative).split(1, dim=1)
        gan = weights["gan_weight"] * _by_square(self._adversary_c.forward(c_fake), 1)
        self._content.learn(by_c + self._adversary_c.backward(gan, learning=NONE))
        self._residual.learn(by_r)
        return c_fake

    def _cycle_c(self, c: Tensor, other: Tensor) -> Tensor:
        """(c, r) -> v' -> (c', r') and back with the gradients of its loss; v'.

        E learns from it; D is frozen, but where runs cooperate.
        """
        weights = self.weights
        r = self._residual.forward(other)
        v_fake = self._entangler.forward(torch.cat([c, r], dim=1))
        l_c = weights["lambda_c"] * _by_absolute(self._content.forward(v_fake), c)
        l_r = weights["lambda_r"] * _by_absolute(self._residual.forward(v_fake), r)
        gan = weights["gan_weight"] * _by_square(self._adversary_v.forward(v_fake), 1)
        self._entangler.learn(
            self._content.backward(l_c, learning=self._cooperative)
            + self._residual.backward(l_r, learning=self._cooperative)
            + self._adversary_v.backward(gan, learning=NONE)
        )
        return v_fake

    @staticmethod
    def _judge(adversary: Learner, real: Tensor, fake: Tensor) -> None:
        """The gradient of half of (A(real) - 1)^2 + A(fake)^2."""
        adversary.learn(0.5 * _by_square(adversary.forward(real), 1))
        adversary.learn(0.5 * _by_square(adversary.forward(fake), 0))

    def _weights_by_row(self) -> dict[str, Tensor]:
        """The loss weights, float[rows,1,1] each."""
        rows = [SETTINGS[g.setting] for g in self.groups for _ in range(self.config.seeds)]
        names = ("lambda_v", "lambda_c", "lambda_r", "gan_weight")
        return {
            name: torch.tensor([[[float(getattr(row, name))]] for row in rows]) for name in names
        }

    def _blocks(self, method: Method) -> list[tuple[slice, float]]:
        return [(g.rows, self.config.lr) for g in self.groups if g.method == method]

    def _adversary_blocks(self) -> list[tuple[slice, float]]:
        return [(g.rows, SETTINGS[g.setting].adversary_lr) for g in self.groups]


def _by_absolute(got: Tensor, wanted: Tensor) -> Tensor:
    """The gradient of each row's mean |got - wanted| by got, float[rows,features,B]."""
    return (got - wanted).sign_().div_(got[0].numel())


def _by_square(got: Tensor, wanted: float) -> Tensor:
    """The gradient of each row's mean (got - wanted)^2 by got, float[rows,features,B]."""
    return (got - wanted).mul_(2 / got[0].numel())


def _views(module: nn.Module, rows: slice) -> list[Tensor]:
    """Some rows of the parameters, with the same rows of their gradients."""
    views = []
    for parameter in module.parameters():
        assert parameter.grad is not None  # `Learner` has made it
        view = parameter.detach()[rows]
        view.grad = parameter.grad[rows]
        views.append(view)
    return views
