"""`Trainee`: everything that a step changes, whatever is learnt, and how a checkpoint keeps it.

All other randomness of a step is drawn from its number and the seed, so this is all there is to
save for a resumed run to go on as if it had never stopped.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from train.history import History


class Trainee:
    """Networks, the averaged D_C, optimisers, histories and the step, in memory."""

    def __init__(self, networks: nn.Module, content: nn.Module, called: tuple[str, ...]) -> None:
        """`networks`: all that learn. `content`: D_C among them, of which an average is kept.
        `called`: attributes that hold networks as a step calls them, each of which the engine will
        put something around."""
        self.called = called
        self.step = 0
        self.networks = networks
        self.content_ema = copy.deepcopy(content).requires_grad_(False)
        self.fixed: dict[str, nn.Module] = {}
        """By name in a checkpoint, networks that are asked and do not learn."""
        self.histories: dict[str, History] = {}
        """By name in a checkpoint."""
        self.optimizers: dict[str, torch.optim.Optimizer] = {}
        """By name in a checkpoint."""
        self.content = content

    @property
    def lr(self) -> float:
        """The learning rate for the log: that of what makes the pictures."""
        raise NotImplementedError

    def set_lr(self, factor: float) -> None:
        """Learning rates of the next step: `factor` times the configured ones."""
        for optimizer in self.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = factor * group["rate"]

    @torch.no_grad()
    def update_ema(self, decay: float) -> None:
        """Average D_C; the first steps follow it closely, since they start from noise."""
        decay = min(decay, (1 + self.step) / (10 + self.step))
        live = self.content.parameters()
        for average, now in zip(self.content_ema.parameters(), live, strict=True):
            average.lerp_(now, 1 - decay)

    def finite(self) -> bool:
        """Whether all weights are numbers."""
        return all(bool(p.isfinite().all()) for p in self.networks.parameters())

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor by name, ready for a safetensors file."""
        named: dict[str, Tensor] = {}
        for prefix, module in self._modules().items():
            named |= {f"{prefix}.{k}": t for k, t in module.state_dict().items()}
        for name, history in self.histories.items():
            named[name] = history.images[: history.filled]
        for name, optimizer in self.optimizers.items():
            for index, moments in optimizer.state_dict()["state"].items():
                for key, value in moments.items():
                    named[f"{name}.{index}.{key}"] = value
        return {name: tensor.detach().contiguous() for name, tensor in named.items()}

    def load(self, step: int, named: dict[str, Tensor]) -> None:
        """Take over what `tensors` gave. Raises KeyError or RuntimeError if it does not fit."""
        self.step = step
        for prefix, module in self._modules().items():
            module.load_state_dict(_under(prefix, named))
        for name, history in self.histories.items():
            history.filled = len(named[name])
            history.images[: history.filled] = named[name]
        for name, optimizer in self.optimizers.items():
            moments: dict[int, dict[str, Any]] = {}
            for key, value in _under(name, named).items():
                index, moment = key.split(".")
                moments.setdefault(int(index), {})[moment] = value
            optimizer.load_state_dict(
                {"state": moments, "param_groups": optimizer.state_dict()["param_groups"]}
            )

    def _modules(self) -> dict[str, nn.Module]:
        return {"networks": self.networks, "content_ema": self.content_ema, **self.fixed}


def _under(prefix: str, named: dict[str, Tensor]) -> dict[str, Tensor]:
    start = prefix + "."
    return {name[len(start) :]: t for name, t in named.items() if name.startswith(start)}
