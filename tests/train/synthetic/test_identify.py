"""Turned solutions have no loss and the wrong residual; on clusters they have to tear V."""

from __future__ import annotations

import math

import pytest
import torch

from train.synthetic.config import DataName
from train.synthetic.identify import ANGLES_DEG, NEAR, TurnedSolution, turned


@pytest.mark.parametrize("data", ["isotropic", "shapes", "clusters"])
def test_every_angle_is_without_loss(data: DataName) -> None:
    true = turned(data, 0)
    assert true.rho_r == pytest.approx(1)
    for angle in ANGLES_DEG[1:]:
        solution = turned(data, angle)
        assert solution.l_v < 1e-6
        assert solution.off_c < 0.03
        assert solution.independence < 0.03
        assert solution.rho_r < true.rho_r


@pytest.mark.parametrize("angle", ANGLES_DEG)
def test_the_printed_data_are_turned_by_a_rotation(angle: int) -> None:
    torch.manual_seed(0)
    v = torch.randn(100, 2, dtype=torch.float64) + torch.tensor([2.0, -2.0])
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    rotation = torch.tensor([[cos, sin], [-sin, cos]], dtype=torch.float64)
    mean = torch.tensor([2.0, -2.0], dtype=torch.float64)
    c, r = TurnedSolution("isotropic", angle).disentangle(v)
    torch.testing.assert_close(torch.stack([c, r], dim=1), (v - mean) @ rotation.T + mean)
    assert turned("isotropic", angle).rho_r == pytest.approx(cos, abs=0.03)


def test_only_the_true_factors_leave_the_clusters_whole() -> None:
    assert turned("clusters", 0).jump == pytest.approx(NEAR, abs=1e-6)
    assert all(turned("clusters", angle).jump > 1 for angle in ANGLES_DEG[1:])
    assert all(turned("isotropic", angle).jump < NEAR + 1e-6 for angle in ANGLES_DEG)
