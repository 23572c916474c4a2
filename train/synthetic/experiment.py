"""The training loop of the synthetic experiment: every run of every kind is a row of one model.

Each loss is averaged within a run and then summed over runs, so that no run's gradient knows of
another's. The methods differ in `Experiment.step`, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor, nn

from train.synthetic.config import METHODS, SETTINGS, DataName, Method, SettingName, SyntheticConfig
from train.synthetic.data import NormalNumbers, samples
from train.synthetic.model import Population

Gradients = tuple[Tensor, ...]


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

    The optimiser's parameters are views: its steps move the rows of the networks themselves.
    """

    def __init__(self, module: nn.Module, blocks: list[tuple[slice, float]]) -> None:
        self._rows = [rows for rows, _ in blocks]
        self._views = [[p.detach()[rows] for p in module.parameters()] for rows in self._rows]
        self._rates = [lr for _, lr in blocks]
        self._adam = torch.optim.Adam(
            [{"params": views} for views in self._views], betas=(0.5, 0.999), fused=True
        )

    def step(self, gradients: Gradients, factor: float) -> None:
        """`gradients`: of all rows, one for each parameter of the module."""
        for rows, views, options, lr in zip(
            self._rows, self._views, self._adam.param_groups, self._rates, strict=True
        ):
            options["lr"] = lr * factor
            for view, gradient in zip(views, gradients, strict=True):
                view.grad = gradient[rows]
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

    def step(self, c: Tensor, v: Tensor, other: Tensor, factor: float) -> None:
        """One step of every run. c float[rows,1,B], v and other float[rows,2,B].

        Uncooperative: D moves on cycle V alone, then E on cycle C alone, which sees the new D.
        Cooperative: both move on the sum of both cycles.
        """
        forth, c_fake = self._cycle_v(v)
        forth_d, forth_e = self._gradients(forth)
        self._adam_d["uncooperative"].step(forth_d, factor)

        back, v_fake = self._cycle_c(c, other)
        back_d, back_e = self._gradients(back)
        self._adam_e["uncooperative"].step(back_e, factor)

        self._adam_d["cooperative"].step(_sum(forth_d, back_d), factor)
        self._adam_e["cooperative"].step(_sum(forth_e, back_e), factor)

        loss = self._adversary_loss(self.networks.adversary_c, c, c_fake)
        loss = loss + self._adversary_loss(self.networks.adversary_v, v, v_fake)
        self._adam_a.step(torch.autograd.grad(loss, list(self.a.parameters())), factor)

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

    def _cycle_v(self, v: Tensor) -> tuple[Tensor, Tensor]:
        """Loss of v -> (c', r') -> v', summed over runs; c'."""
        weights = self.weights
        c_fake, r_fake = self.networks.disentangle(v)
        l_v = _mean((v - self.networks.entangle(c_fake, r_fake)).abs())
        gan = _mean((self.networks.adversary_c(c_fake) - 1).square())
        loss = weights["lambda_v"] * l_v + weights["gan_weight"] * gan
        return loss.sum(), c_fake.detach()

    def _cycle_c(self, c: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
        """Loss of (c, r) -> v' -> (c', r'), summed over runs; v'."""
        weights = self.weights
        with torch.no_grad():
            r = self.networks.residual(other)
        v_fake = self.networks.entangle(c, r)
        c_back, r_back = self.networks.disentangle(v_fake)
        l_c, l_r = _mean((c - c_back).abs()), _mean((r - r_back).abs())
        gan = _mean((self.networks.adversary_v(v_fake) - 1).square())
        loss = weights["lambda_c"] * l_c + weights["lambda_r"] * l_r + weights["gan_weight"] * gan
        return loss.sum(), v_fake.detach()

    def _gradients(self, loss: Tensor) -> tuple[Gradients, Gradients]:
        """Of D's and of E's parameters."""
        of_d, of_e = list(self.d.parameters()), list(self.e.parameters())
        gradients = torch.autograd.grad(loss, of_d + of_e)
        return gradients[: len(of_d)], gradients[len(of_d) :]

    @staticmethod
    def _adversary_loss(adversary: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        on_real, on_fake = adversary(real), adversary(fake)
        return 0.5 * (_mean((on_real - 1).square()) + _mean(on_fake.square())).sum()

    def _weights_by_row(self) -> dict[str, Tensor]:
        """The loss weights, float[rows] each."""
        rows = [SETTINGS[g.setting] for g in self.groups for _ in range(self.config.seeds)]
        names = ("lambda_v", "lambda_c", "lambda_r", "gan_weight")
        return {name: torch.tensor([getattr(row, name) for row in rows]) for name in names}

    def _blocks(self, method: Method) -> list[tuple[slice, float]]:
        return [(g.rows, self.config.lr) for g in self.groups if g.method == method]

    def _adversary_blocks(self) -> list[tuple[slice, float]]:
        return [(g.rows, SETTINGS[g.setting].adversary_lr) for g in self.groups]


def _mean(x: Tensor) -> Tensor:
    """float[rows,features,B] -> float[rows]."""
    return x.mean(dim=(1, 2))


def _sum(first: Gradients, second: Gradients) -> Gradients:
    return tuple(a + b for a, b in zip(first, second, strict=True))
