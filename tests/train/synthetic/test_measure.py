"""Hand-made networks get the figures that they deserve."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from train.synthetic.config import SyntheticConfig
from train.synthetic.experiment import Experiment
from train.synthetic.measure import correlation, final, ranked, wasserstein
from train.synthetic.model import Perceptrons

MakeConfig = Callable[..., SyntheticConfig]


@torch.no_grad()
def make_linear(network: Perceptrons, matrix: Tensor) -> None:
    """Each row computes matrix @ x: ReLU(x + 20) - 20 is x where it matters."""
    outputs, inputs = matrix.shape
    for parameter in network.parameters():
        parameter.zero_()
    network.weight_in[:, :inputs, :] = torch.eye(inputs)
    network.bias_in[:, :inputs] = 20
    network.weight_out[:, :, :inputs] = matrix
    network.bias_out[:] = -20 * matrix.sum(1, keepdim=True)
    assert network.bias_out.shape[1] == outputs


def turned_by(experiment: Experiment, angle_deg: float) -> None:
    """D rotates v, E rotates it back; c' and r' are off by constants, which E knows not of."""
    cos, sin = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    for kind in experiment.kinds:
        make_linear(kind.networks.content, torch.tensor([[cos, sin]]))
        make_linear(kind.networks.residual, torch.tensor([[-sin, cos]]))
        make_linear(kind.networks.entangler, torch.tensor([[cos, -sin], [sin, cos]]))


def test_the_true_factors(synthetic_config: MakeConfig) -> None:
    experiment = Experiment(synthetic_config(data=("isotropic", "shapes", "clusters")))
    turned_by(experiment, 0)
    for kind in experiment.kinds:
        figures = final(kind)
        assert figures["rho_r"].tolist() == pytest.approx([1, 1, 1], abs=1e-5)
        assert figures["rank_c"].tolist() == pytest.approx([1, 1, 1], abs=1e-5)
        assert figures["leak"].abs().max() < 0.03
        assert figures["l_v"].max() < 1e-5
        assert figures["off_v"].max() < 0.05
        assert figures["converged"].tolist() == [1, 1, 1]


def test_factors_that_are_swapped_and_off(synthetic_config: MakeConfig) -> None:
    experiment = Experiment(synthetic_config())
    turned_by(experiment, 90)
    figures = final(experiment.kinds[0])
    assert figures["leak"].tolist() == pytest.approx([-1, -1, -1], abs=1e-5)
    assert figures["rho_c"].abs().max() < 0.03
    assert figures["l_v"].max() < 1e-5
    assert figures["off_c"].tolist() == pytest.approx([4, 4, 4], abs=0.05)  # c' = r, around -2
    assert figures["converged"].tolist() == [0, 0, 0]


def test_a_diverged_run_has_not_converged(synthetic_config: MakeConfig) -> None:
    experiment = Experiment(synthetic_config())
    turned_by(experiment, 0)
    with torch.no_grad():
        experiment.kinds[0].networks.content.weight_in[1] = math.nan
    assert final(experiment.kinds[0])["converged"].tolist() == [1, 0, 1]


def test_correlation_is_zero_where_nothing_varies() -> None:
    x = torch.randn(1, 1, 50)
    assert float(correlation(x, torch.ones_like(x))) == 0
    assert float(correlation(ranked(x), ranked(x.exp()))) == pytest.approx(1)
    assert float(wasserstein(x, x.flip(2) + 1)) == pytest.approx(1, abs=1e-5)
