"""`StudentState`: what a step of `distill` changes, beside the teacher, which nothing changes."""

from __future__ import annotations

import torch
from torch import nn

from train.distill.config import DistillConfig
from train.history import History
from train.networks import build_adversary_c, build_content
from train.optimisers import adam
from train.trainee import Trainee


class Student(nn.Module):
    """D_C, and A_C if the weights ask for one."""

    def __init__(self, config: DistillConfig) -> None:
        super().__init__()
        self.content = build_content(config.network)
        judged = config.weights.gan_weight > 0
        self.adversary_c = build_adversary_c(config.network).eval() if judged else None


class StudentState(Trainee):
    """A run of `distill` in memory at some step."""

    def __init__(self, config: DistillConfig) -> None:
        torch.manual_seed(config.seed)
        student = Student(config)
        a_c = student.adversary_c
        called = ("student",) if a_c is None else ("student", "a_c")
        super().__init__(student, student.content, called)
        self.student: nn.Module = student.content
        self.a_c: nn.Module | None = a_c
        # As it is when it is exported, not as it learnt: its pictures end at -1 and 1.
        self.teacher = build_content(config.teacher_network).eval().requires_grad_(False)
        self.fixed = {"teacher": self.teacher}
        self.optimizer_content = adam(config.lr, [(list(student.content.parameters()), 1.0)])
        self.optimizers = {"optimizer_content": self.optimizer_content}
        if a_c is not None:
            size = config.network.size
            self.history_c = History(config.history, (3, size, size))
            self.histories = {"history_c": self.history_c}
            self.optimizer_a = adam(config.adversary_lr, [(list(a_c.parameters()), 1.0)])
            self.optimizers["optimizer_a"] = self.optimizer_a

    @property
    def lr(self) -> float:
        return float(self.optimizer_content.param_groups[0]["lr"])
