"""The optimisers: the paper's Adam, and Muon for the hidden layers of a D_C that practises."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

Groups = Iterable[tuple[list[nn.Parameter], float]]
"""Parameters, and what the learning rate is multiplied by for them."""
MOMENTUM = 0.95
TURNS = 5
QUINTIC = (3.4445, -4.7750, 2.0315)
"""Of X, X X'X and (X X')^2 X: after five turns all singular values are in 0.7..1.2, roughly."""
LEAST = 1e-7


def adam(lr: float, groups: Groups) -> torch.optim.Adam:
    """The paper's."""
    return torch.optim.Adam(_scaled(lr, groups), lr=lr, betas=(0.5, 0.999))


class Muon(torch.optim.Optimizer):
    """Momentum, made orthogonal: a step moves a layer as far in each direction that its gradient
    has, weak or strong (Jordan et al. 2024, "Muon: an optimizer for hidden layers").

    PyTorch's own takes matrices alone; here the weights of a convolution are one, a row an output.
    A step's RMS is the learning rate, as that of Adam's is, so that one rate serves both.
    """

    def __init__(self, lr: float, groups: Groups, dtype: torch.dtype | None = None) -> None:
        """groups: of weights float[out, ...]. dtype: what the step is made orthogonal in, None as
        the weights are; bfloat16 will do, and is several times as fast where the machine has it."""
        super().__init__(_scaled(lr, groups), {"lr": lr})
        self._dtype = dtype

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Follow the gradients that there are."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    weight.add_(self._direction(weight), alpha=-group["lr"])

    def _direction(self, weight: Tensor) -> Tensor:
        """Alike in shape to the weight, RMS about 1."""
        state, gradient = self.state[weight], weight.grad
        assert gradient is not None
        if not state:
            state["momentum"] = torch.zeros_like(gradient)
        momentum = state["momentum"].lerp_(gradient, 1 - MOMENTUM)
        ahead = gradient.lerp(momentum, MOMENTUM).flatten(1)  # Nesterov's
        rows, columns = ahead.shape
        direction = orthogonal(ahead.to(self._dtype or ahead.dtype)).to(gradient.dtype)
        return direction.mul_(max(rows, columns) ** 0.5).view(weight.shape)


def orthogonal(matrix: Tensor) -> Tensor:
    """float[M,N] -> the orthogonal matrix nearest to it, roughly, by Newton and Schulz's way."""
    wide = matrix if len(matrix) <= matrix.shape[1] else matrix.T.contiguous()
    wide = wide / (wide.norm() + LEAST)
    first, third, fifth = QUINTIC
    for _ in range(TURNS):
        square = wide @ wide.T
        square = torch.addmm(square, square, square, beta=third, alpha=fifth)
        wide = torch.addmm(wide, square, wide, beta=first)
    found: Tensor = wide if len(matrix) <= matrix.shape[1] else wide.T
    return found


def _scaled(lr: float, groups: Groups) -> Sequence[dict[str, Any]]:
    return [{"params": part, "rate": lr * scale} for part, scale in groups]
