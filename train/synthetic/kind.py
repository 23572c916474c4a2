"""One kind of run in training: its seeds are the rows of one batched model.

Each loss is averaged within a run and then summed over runs, so that no run's gradient knows of
another's. The methods differ in `Kind.step`, and in nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from train.synthetic.config import SETTINGS, DataName, Method, SettingName, SyntheticConfig
from train.synthetic.data import samples
from train.synthetic.learner import learners
from train.synthetic.model import Population


@dataclass(frozen=True, slots=True)
class Group:
    """What a kind of run is, and its places in a list of all runs: one for each seed."""

    method: Method
    setting: SettingName
    data: DataName
    rows: slice


class Kind:
    """The networks of a group, and what trains them."""

    def __init__(self, group: Group, seeds: Sequence[int], config: SyntheticConfig) -> None:
        self.group = group
        self.weights = SETTINGS[group.setting]
        self.networks = Population(seeds)
        self.done = 0
        self._config = config
        self._together = group.method == "cooperative"
        net = self.networks
        self._content, self._residual, self._entangler, self._adversary_c, self._adversary_v = (
            learners(
                net.content,
                net.residual,
                net.entangler,
                net.adversary_c,
                net.adversary_v,
                batch=config.batch,
            )
        )
        adversary_lr = self.weights.adversary_lr
        self._adams = {
            "d": (_adam(net.content, net.residual), config.lr),
            "e": (_adam(net.entangler), config.lr),
            "a": (_adam(net.adversary_c, net.adversary_v), adversary_lr),
        }

    def train(self, normal: Tensor) -> None:
        """A step for each of float[steps,seeds,5,B] standard normal numbers."""
        for numbers in normal:
            c, v, other = samples([self.group.data], numbers)
            self.step(c, v, other, self._config.lr_factor(self.done))
            self.done += 1

    @torch.no_grad()
    def step(self, c: Tensor, v: Tensor, other: Tensor, factor: float) -> None:
        """One step of every run. c float[seeds,1,B], v and other float[seeds,2,B].

        Uncooperative: D moves on cycle V alone, then E on cycle C alone, which sees the new D.
        Cooperative: both move on the sum of both cycles.
        """
        self.networks.zero_grad(set_to_none=False)
        c_fake = self._cycle_v(v, e_learns=self._together)
        if not self._together:
            self._move("d", factor)
        v_fake = self._cycle_c(c, other, d_learns=self._together)
        self._move("e", factor)
        if self._together:
            self._move("d", factor)

        for adversary, real, fake in (
            (self._adversary_c, c, c_fake),
            (self._adversary_v, v, v_fake),
        ):
            adversary.learn(0.5 * _by_square(adversary.forward(real), 1))
            adversary.learn(0.5 * _by_square(adversary.forward(fake), 0))
        self._move("a", factor)

    def state(self) -> dict[str, Tensor]:
        """All that training goes on from; the samples follow from the step."""
        tensors = {f"networks/{k}": t for k, t in self.networks.state_dict().items()}
        for name, (adam, _) in self._adams.items():
            for i, kept in adam.state_dict()["state"].items():
                tensors |= {f"{name}/{i}.{key}": t for key, t in kept.items()}
        return tensors | {"done": torch.tensor(self.done)}

    def load_state(self, tensors: dict[str, Tensor]) -> None:
        """Take up what `state` gave."""
        parts: dict[str, dict[str, Tensor]] = {}
        for key, tensor in tensors.items():
            part, _, name = key.partition("/")
            parts.setdefault(part, {})[name] = tensor
        self.done = int(parts["done"][""])
        self.networks.load_state_dict(parts["networks"])
        for name, (adam, _) in self._adams.items():
            kept: dict[int, dict[str, Tensor]] = {}
            for key, tensor in parts.get(name, {}).items():
                index, of = key.split(".")
                kept.setdefault(int(index), {})[of] = tensor
            adam.load_state_dict({"state": kept, "param_groups": adam.state_dict()["param_groups"]})

    def _cycle_v(self, v: Tensor, *, e_learns: bool) -> Tensor:
        """v -> (c', r') -> v', and back with the gradients of its loss; c'."""
        weights = self.weights
        c_fake, r_fake = self._content.forward(v), self._residual.forward(v)
        v_back = self._entangler.forward(torch.cat([c_fake, r_fake], dim=1))
        l_v = weights.lambda_v * _by_absolute(v_back, v)
        by_c, by_r = self._entangler.backward(l_v, frozen=not e_learns).split(1, dim=1)
        gan = weights.gan_weight * _by_square(self._adversary_c.forward(c_fake), 1)
        self._content.learn(by_c + self._adversary_c.backward(gan, frozen=True))
        self._residual.learn(by_r)
        return c_fake

    def _cycle_c(self, c: Tensor, other: Tensor, *, d_learns: bool) -> Tensor:
        """(c, r) -> v' -> (c', r'), and back with the gradients of its loss; v'."""
        weights = self.weights
        r = self._residual.forward(other)
        v_fake = self._entangler.forward(torch.cat([c, r], dim=1))
        l_c = weights.lambda_c * _by_absolute(self._content.forward(v_fake), c)
        l_r = weights.lambda_r * _by_absolute(self._residual.forward(v_fake), r)
        gan = weights.gan_weight * _by_square(self._adversary_v.forward(v_fake), 1)
        self._entangler.learn(
            self._content.backward(l_c, frozen=not d_learns)
            + self._residual.backward(l_r, frozen=not d_learns)
            + self._adversary_v.backward(gan, frozen=True)
        )
        return v_fake

    def _move(self, name: str, factor: float) -> None:
        adam, lr = self._adams[name]
        adam.param_groups[0]["lr"] = lr * factor
        adam.step()


def _adam(*modules: nn.Module) -> torch.optim.Adam:
    parameters = [p for module in modules for p in module.parameters()]
    return torch.optim.Adam(parameters, betas=(0.5, 0.999), fused=True)


def _by_absolute(got: Tensor, wanted: Tensor) -> Tensor:
    """The gradient of each row's mean |got - wanted| by got, float[rows,features,B]."""
    return (got - wanted).sign_().div_(got[0].numel())


def _by_square(got: Tensor, wanted: float) -> Tensor:
    """The gradient of each row's mean (got - wanted)^2 by got, float[rows,features,B]."""
    return (got - wanted).mul_(2 / got[0].numel())
