"""A batched network in training: forward and backward written out, into memory that is kept.

The networks are so small that autograd's fresh memory for each hidden layer costs more than the
arithmetic; without it a step takes less than half the time.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from train.synthetic.config import HIDDEN
from train.synthetic.model import Perceptrons


class Learner:
    """Runs a network forward and the gradient of its output back. Call it without autograd.

    Gradients add up in the parameters' `grad`.
    """

    def __init__(self, network: Perceptrons, hidden: Tensor, scratch: Tensor) -> None:
        """`hidden`, of its own, and `scratch`, which learners may share: float[rows,32,B]."""
        self._network = network
        self._hidden = hidden
        self._scratch = scratch
        self._x = torch.empty(0)
        for p in network.parameters():
            p.grad = torch.zeros_like(p)

    def forward(self, x: Tensor) -> Tensor:
        """float[rows,inputs,B] -> float[rows,outputs,B]."""
        net = self._network
        self._x = x
        torch.baddbmm(net.bias_in, net.weight_in, x, out=self._hidden)
        functional.leaky_relu_(self._hidden, net.slope)
        return torch.baddbmm(net.bias_out, net.weight_out, self._hidden)

    def backward(self, by_output: Tensor, *, frozen: bool) -> Tensor:
        """The gradient by the last forward's output -> by its input.

        Frozen, the parameters get none.
        """
        self._to_hidden(by_output)
        if not frozen:
            self._to_parameters(by_output)
        return torch.bmm(self._network.weight_in.mT, self._scratch)

    def learn(self, by_output: Tensor) -> None:
        """`backward` where nobody asks for the gradient by the input."""
        self._to_hidden(by_output)
        self._to_parameters(by_output)

    def _to_hidden(self, by_output: Tensor) -> None:
        net, by_hidden = self._network, self._scratch
        torch.mul(net.weight_out[:, 0, :, None], by_output[:, :1], out=by_hidden)
        for i in range(1, by_output.shape[1]):
            by_hidden.addcmul_(net.weight_out[:, i, :, None], by_output[:, i : i + 1])
        torch.ops.aten.leaky_relu_backward.grad_input(
            by_hidden, self._hidden, net.slope, True, grad_input=by_hidden
        )

    def _to_parameters(self, by_output: Tensor) -> None:
        net = self._network
        _add(net.weight_out, net.bias_out, by_output, self._hidden)
        _add(net.weight_in, net.bias_in, self._scratch, self._x)


def learners(*networks: Perceptrons, batch: int) -> list[Learner]:
    """One for each network; of equal rows."""
    rows = networks[0].weight_in.shape[0]
    scratch = torch.empty(rows, HIDDEN, batch)
    return [Learner(network, torch.empty_like(scratch), scratch) for network in networks]


def _add(weight: nn.Parameter, bias: nn.Parameter, by_sum: Tensor, x: Tensor) -> None:
    """To the gradients of sum = weight x + bias."""
    assert weight.grad is not None  # `Learner` has made both
    assert bias.grad is not None
    weight.grad.baddbmm_(by_sum, x.mT)
    bias.grad += by_sum.sum(2, keepdim=True)
