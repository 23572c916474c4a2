"""Many independent one-hidden-layer networks as one batched network: row m of each tensor is the
m-th run's."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from train.synthetic.config import ADVERSARY_SLOPE, HIDDEN


class Perceptrons(nn.Module):
    """`rows` networks inputs -> 32 -> outputs, started as `nn.Linear` starts: uniform within
    1 / sqrt(fan in), from each row's own generator."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        slope: float,
        generators: Sequence[torch.Generator],
    ) -> None:
        """One row for each generator.

        `slope`: of the LeakyReLU between the layers; 0 is a ReLU.
        """

        def start(fan_in: int, *shape: int) -> nn.Parameter:
            drawn = [torch.rand(shape, generator=generator) * 2 - 1 for generator in generators]
            return nn.Parameter(torch.stack(drawn) / math.sqrt(fan_in))

        super().__init__()
        self.slope = slope
        self.weight_in = start(inputs, HIDDEN, inputs)
        self.bias_in = start(inputs, HIDDEN, 1)
        self.weight_out = start(HIDDEN, outputs, HIDDEN)
        self.bias_out = start(HIDDEN, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """float[rows,inputs,B] -> float[rows,outputs,B]."""
        hidden = torch.baddbmm(self.bias_in, self.weight_in, x)  # [rows,32,B]
        functional.leaky_relu_(hidden, self.slope)
        return torch.baddbmm(self.bias_out, self.weight_out, hidden)


class Population(nn.Module):
    """D = (D_C, D_R), E, A_C and A_V of every run; a seed decides its first weights."""

    def __init__(self, seeds: Sequence[int]) -> None:
        super().__init__()
        draws = [torch.Generator().manual_seed(seed) for seed in seeds]
        relu, leaky = 0.0, ADVERSARY_SLOPE
        self.content = Perceptrons(2, 1, relu, draws)
        self.residual = Perceptrons(2, 1, relu, draws)
        self.entangler = Perceptrons(2, 2, relu, draws)
        self.adversary_c = Perceptrons(1, 1, leaky, draws)
        self.adversary_v = Perceptrons(2, 1, leaky, draws)

    def disentangle(self, v: Tensor) -> tuple[Tensor, Tensor]:
        """v float[rows,2,B] -> c', r' float[rows,1,B]."""
        return self.content(v), self.residual(v)

    def entangle(self, c: Tensor, r: Tensor) -> Tensor:
        """c, r float[rows,1,B] -> v' float[rows,2,B]."""
        v: Tensor = self.entangler(torch.cat([c, r], dim=1))
        return v
