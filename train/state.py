"""`State`: everything a step changes - networks, averaged D_C, three Adams, histories, the step.

All other randomness of a step is drawn from its number and the seed, so this is all there is to
save for a resumed run to go on as if it had never stopped.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from train.config import FitOptions
from train.history import History
from train.networks import Networks


class State:
    """A run in memory at some step."""

    def __init__(self, config: FitOptions) -> None:
        torch.manual_seed(config.seed)
        size = config.network.size
        self.step = 0
        self.networks = Networks(config.network)
        self.networks.adversary_c.eval()
        self.networks.adversary_v.eval()
        self.d: nn.Module = self.networks.disentangler
        """This and the next three are the networks as a step calls them: what the engine has put
        around them included."""
        self.e: nn.Module = self.networks.entangler
        self.a_c: nn.Module = self.networks.adversary_c
        self.a_v: nn.Module = self.networks.adversary_v
        self.content_ema = copy.deepcopy(self.networks.disentangler.content).requires_grad_(False)
        self.history_c = History(config.history, (3, size, size))
        self.history_v = History(config.history, (3, size, size))
        lr, adversary_lr = config.learning_rates
        d, e = dict(self.networks.disentangler.named_parameters()), self.networks.entangler
        refinement = [p for name, p in d.items() if "refinement" in name.split(".")]
        coarse = [p for name, p in d.items() if "refinement" not in name.split(".")]
        self.optimizer_d = _adam(lr, coarse, refinement, scales=(config.coarse_lr, 1.0))
        self.optimizer_e = _adam(lr, list(e.parameters()))
        adversaries = (self.networks.adversary_c, self.networks.adversary_v)
        self.optimizer_a = _adam(adversary_lr, [p for a in adversaries for p in a.parameters()])

    def set_lr(self, config: FitOptions, factor: float) -> None:
        """Learning rates of the next step: `factor` times the configured ones."""
        lr, adversary_lr = config.learning_rates
        for optimizer, rate in (
            (self.optimizer_d, lr),
            (self.optimizer_e, lr),
            (self.optimizer_a, adversary_lr),
        ):
            for group in optimizer.param_groups:
                group["lr"] = rate * factor * group["scale"]

    @torch.no_grad()
    def update_ema(self, decay: float) -> None:
        """Average D_C; the first steps follow it closely, since they start from noise."""
        decay = min(decay, (1 + self.step) / (10 + self.step))
        live = self.networks.disentangler.content.parameters()
        for average, now in zip(self.content_ema.parameters(), live, strict=True):
            average.lerp_(now, 1 - decay)

    def finite(self) -> bool:
        """Whether all weights are numbers."""
        return all(bool(p.isfinite().all()) for p in self.networks.parameters())

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor of the state by name, ready for a safetensors file."""
        named = {f"networks.{k}": t for k, t in self.networks.state_dict().items()}
        named |= {f"content_ema.{k}": t for k, t in self.content_ema.state_dict().items()}
        named["history_c"] = self.history_c.images[: self.history_c.filled]
        named["history_v"] = self.history_v.images[: self.history_v.filled]
        for name, optimizer in self._optimizers().items():
            for index, moments in optimizer.state_dict()["state"].items():
                for key, value in moments.items():
                    named[f"{name}.{index}.{key}"] = value
        return {name: tensor.detach().contiguous() for name, tensor in named.items()}

    def load(self, step: int, named: dict[str, Tensor]) -> None:
        """Take over what `tensors` gave. Raises KeyError or RuntimeError if it does not fit."""
        self.step = step
        self.networks.load_state_dict(_under("networks", named))
        self.content_ema.load_state_dict(_under("content_ema", named))
        for history, name in ((self.history_c, "history_c"), (self.history_v, "history_v")):
            history.filled = len(named[name])
            history.images[: history.filled] = named[name]
        for name, optimizer in self._optimizers().items():
            moments: dict[int, dict[str, Any]] = {}
            for key, value in _under(name, named).items():
                index, moment = key.split(".")
                moments.setdefault(int(index), {})[moment] = value
            optimizer.load_state_dict(
                {"state": moments, "param_groups": optimizer.state_dict()["param_groups"]}
            )

    def _optimizers(self) -> dict[str, torch.optim.Adam]:
        return {
            "optimizer_d": self.optimizer_d,
            "optimizer_e": self.optimizer_e,
            "optimizer_a": self.optimizer_a,
        }


def _adam(
    lr: float, *groups: list[nn.Parameter], scales: tuple[float, ...] = (1.0,)
) -> torch.optim.Adam:
    """`scales`: what each group's learning rate is multiplied by."""
    parts = [{"params": g, "scale": scale} for g, scale in zip(groups, scales, strict=True)]
    return torch.optim.Adam(parts, lr=lr, betas=(0.5, 0.999))


def _under(prefix: str, named: dict[str, Tensor]) -> dict[str, Tensor]:
    start = prefix + "."
    return {name[len(start) :]: t for name, t in named.items() if name.startswith(start)}
