"""`State`: what a step of `fit` changes - D, E, A_C and A_V, their optimisers, two histories."""

from __future__ import annotations

import torch
from torch import nn

from train.config import FitOptions
from train.history import History
from train.networks import Networks, is_fine, is_hidden
from train.optimisers import Groups, Muon, adam
from train.trainee import Trainee

HIDDEN = "optimizer_d_hidden"
"""The name in a checkpoint of what moves D's hidden layers, if that is not Adam."""


class State(Trainee):
    """A run of `fit` in memory at some step."""

    def __init__(self, config: FitOptions) -> None:
        torch.manual_seed(config.seed)
        self.networks: Networks
        networks = Networks(config.network)
        super().__init__(networks, networks.disentangler.content, ("d", "e", "a_c", "a_v"))
        networks.adversary_c.eval()
        networks.adversary_v.eval()
        # Where only D_C learns, only D_C is wrapped: several processes would wait for D_R's
        # gradients.
        alone = config.method == "restoration"
        self.d: nn.Module = networks.disentangler.content if alone else networks.disentangler
        self.e: nn.Module = networks.entangler
        self.a_c: nn.Module = networks.adversary_c
        self.a_v: nn.Module = networks.adversary_v

        size = config.network.size
        self.history_c = History(config.history, (3, size, size))
        self.history_v = History(config.history, (3, size, size))
        self.histories = {"history_c": self.history_c, "history_v": self.history_v}

        lr, adversary_lr = config.learning_rates
        of_d = self._optimizers_of_d(config, lr)
        self.optimizers_of_d = tuple(of_d.values())
        self.optimizer_e = adam(lr, [(list(networks.entangler.parameters()), 1.0)])
        adversaries = (networks.adversary_c, networks.adversary_v)
        judging = [p for a in adversaries for p in a.parameters()]
        self.optimizer_a = adam(adversary_lr, [(judging, 1.0)])
        self.optimizers = of_d | {
            "optimizer_e": self.optimizer_e,
            "optimizer_a": self.optimizer_a,
        }

    @property
    def lr(self) -> float:
        return float(self.optimizer_e.param_groups[0]["lr"])

    def _optimizers_of_d(self, config: FitOptions, lr: float) -> dict[str, torch.optim.Optimizer]:
        """By name in a checkpoint."""
        muon = config.usual_optimizer == "muon"
        named = list(self.networks.disentangler.named_parameters())

        def groups(*, hidden: bool) -> Groups:
            chosen = [(n, p) for n, p in named if (muon and is_hidden(n, p)) == hidden]
            coarse = [p for n, p in chosen if not is_fine(n)]
            fine = [p for n, p in chosen if is_fine(n)]
            return [(coarse, config.coarse_lr), (fine, 1.0)]

        found: dict[str, torch.optim.Optimizer] = {"optimizer_d": adam(lr, groups(hidden=False))}
        if muon:
            dtype = torch.bfloat16 if config.precision == "bf16-mixed" else None
            found[HIDDEN] = Muon(lr, groups(hidden=True), dtype)
        return found
