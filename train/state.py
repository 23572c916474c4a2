"""`State`: what a step of `fit` changes - D, E, A_C and A_V, three Adams, two histories."""

from __future__ import annotations

import torch
from torch import nn

from train.config import FitOptions
from train.history import History
from train.networks import Networks, is_fine
from train.trainee import Trainee, adam


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
        d, e = dict(networks.disentangler.named_parameters()), networks.entangler
        fine = [p for name, p in d.items() if is_fine(name)]
        coarse = [p for name, p in d.items() if not is_fine(name)]
        self.optimizer_d = adam(lr, coarse, fine, scales=(config.coarse_lr, 1.0))
        self.optimizer_e = adam(lr, list(e.parameters()))
        adversaries = (networks.adversary_c, networks.adversary_v)
        self.optimizer_a = adam(adversary_lr, [p for a in adversaries for p in a.parameters()])
        self.optimizers = {
            "optimizer_d": self.optimizer_d,
            "optimizer_e": self.optimizer_e,
            "optimizer_a": self.optimizer_a,
        }

    @property
    def lr(self) -> float:
        return float(self.optimizer_e.param_groups[0]["lr"])
