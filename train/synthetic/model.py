"""Many independent one-hidden-layer networks as one batched network: row m of each tensor is the
m-th run's."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from train.synthetic.config import ADVERSARY_SLOPE, HIDDEN

ALL = slice(None)


class Perceptrons(nn.Module):
    """`rows` networks inputs -> 32 -> outputs, started as `nn.Linear` starts: uniform within
    1 / sqrt(fan in), from each row's own generator."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        slope: float,
        generators: Sequence[torch.Generator],
        copies: int,
    ) -> None:
        """One row for each generator; all of them `copies` times, one set after the other.

        `slope`: of the LeakyReLU between the layers; 0 is a ReLU.
        """

        def start(fan_in: int, *shape: int) -> nn.Parameter:
            drawn = [torch.rand(shape, generator=generator) * 2 - 1 for generator in generators]
            return nn.Parameter((torch.stack(drawn) / math.sqrt(fan_in)).repeat(copies, 1, 1))

        super().__init__()
        self.slope = slope
        self.weight_in = start(inputs, HIDDEN, inputs)
        self.bias_in = start(inputs, HIDDEN, 1)
        self.weight_out = start(HIDDEN, outputs, HIDDEN)
        self.bias_out = start(HIDDEN, outputs, 1)

    def forward(self, x: Tensor, rows: slice = ALL) -> Tensor:
        """float[rows,inputs,B] -> float[rows,outputs,B]."""
        hidden = torch.baddbmm(self.bias_in[rows], self.weight_in[rows], x)  # [rows,32,B]
        functional.leaky_relu_(hidden, self.slope)
        return torch.baddbmm(self.bias_out[rows], self.weight_out[rows], hidden)


class Population(nn.Module):
    """D = (D_C, D_R), E, A_C and A_V of every run. Copies of a seed start from the same weights."""

    def __init__(self, seeds: Sequence[int], copies: int) -> None:
        super().__init__()
        draws = [torch.Generator().manual_seed(seed) for seed in seeds]
        relu, leaky = 0.0, ADVERSARY_SLOPE
        self.content = Perceptrons(2, 1, relu, draws, copies)
        self.residual = Perceptrons(2, 1, relu, draws, copies)
        self.entangler = Perceptrons(2, 2, relu, draws, copies)
        self.adversary_c = Perceptrons(1, 1, leaky, draws, copies)
        self.adversary_v = Perceptrons(2, 1, leaky, draws, copies)

    def disentangle(self, v: Tensor, rows: slice = ALL) -> tuple[Tensor, Tensor]:
        """v float[rows,2,B] -> c', r' float[rows,1,B]."""
        return self.content(v, rows), self.residual(v, rows)

    def entangle(self, c: Tensor, r: Tensor, rows: slice = ALL) -> Tensor:
        """c, r float[rows,1,B] -> v' float[rows,2,B]."""
        v: Tensor = self.entangler(torch.cat([c, r], dim=1), rows)
        return v
