"""Probes find what is there, and nothing where nothing is."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from train.evaluate.bootstrap import Bootstrap
from train.evaluate.leaks import light_statistics, probe, residual_features
from train.networks import Disentangler
from train.runs import Run

GROUPS = np.repeat(np.arange(30), 4)
BOOTSTRAP = Bootstrap(GROUPS, seed=0)


def test_a_linear_message_is_found_among_more_features_than_images() -> None:
    rng = np.random.default_rng(0)
    targets = rng.normal(0, 1, (120, 3))
    features = targets @ rng.normal(0, 1, (3, 400)) + rng.normal(0, 0.3, (120, 400))
    found = probe(features, targets, GROUPS, BOOTSTRAP, seed=0)
    assert found.r2.value > 0.9
    assert found.floor.value < 0.1


def test_noise_is_no_message() -> None:
    rng = np.random.default_rng(0)
    features, targets = rng.normal(0, 1, (120, 400)), rng.normal(0, 1, (120, 3))
    found = probe(features, targets, GROUPS, BOOTSTRAP, seed=0)
    assert found.r2.value < 0.1
    assert found.r2.value == pytest.approx(found.floor.value, abs=0.1)


def test_folds_hold_whole_sessions() -> None:
    """A feature that names the session, and a target that is the session's: no message."""
    rng = np.random.default_rng(0)
    per_session = rng.normal(0, 1, (30, 1))
    found = probe(np.eye(30)[GROUPS], per_session[GROUPS], GROUPS, BOOTSTRAP, seed=0)
    assert found.r2.value < 0.05


def test_features_that_stand_still_say_nothing() -> None:
    rng = np.random.default_rng(0)
    found = probe(np.ones((120, 5)), rng.normal(0, 1, (120, 2)), GROUPS, BOOTSTRAP, seed=0)
    assert found.r2.value == pytest.approx(0, abs=0.1)


def test_light_is_colour_and_slant() -> None:
    v = np.zeros((1, 8, 8, 3), np.uint8)
    v[:, :4, :4] = (255, 0, 0)
    np.testing.assert_allclose(light_statistics(v), [[0.25, 0, 0, 1 / 6, 1 / 6]], atol=1e-6)


class Maps(nn.Module):
    def __init__(self, sizes: tuple[int, ...]) -> None:
        super().__init__()
        self.sizes = sizes

    def forward(self, v: Tensor) -> list[Tensor]:
        return [torch.ones(len(v), 2, size, size) for size in self.sizes]


def finding(*sizes: int) -> Disentangler:
    return Disentangler(nn.Identity(), Maps(sizes))


def test_r_is_pooled_whatever_its_maps_are() -> None:
    run = Run(
        name="r", path=Path(), method="m", step=0, size=16,
        content=nn.Identity(), disentangler=finding(16, 8, 4), e=nn.Identity(),
    )  # fmt: skip
    v = np.zeros((9, 16, 16, 3), np.uint8)
    features = residual_features(run, v)
    assert features is not None
    assert features.shape == (9, 3 * 2 * 16)
    assert residual_features(dataclasses.replace(run, disentangler=finding()), v) is None
