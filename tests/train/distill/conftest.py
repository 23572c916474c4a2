"""An untrained teacher, and what a tiny student of it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.train.untrained import write_run
from train.config import FitConfig, NetworkConfig
from train.distill.config import DistillArguments, DistillWeights, StudentNetwork

Ask = Callable[..., DistillArguments]
JUDGED = DistillWeights(gan_weight=0.5)


@pytest.fixture
def teacher(fit_config: Callable[..., FitConfig], tmp_path: Path) -> Path:
    """A run of the paper's family, wider than its students."""
    network = NetworkConfig(family="paper", size=32, width=12, blocks=2, adversary_width=8)
    return write_run(fit_config(network=network, out=tmp_path / "teacher"), step=5)


@pytest.fixture
def ask(teacher: Path, tmp_path: Path) -> Ask:
    """A factory: keywords replace fields."""
    base = DistillArguments(
        teacher=teacher,
        out=tmp_path / "student",
        network=StudentNetwork(width=8, blocks=2, adversary_width=8),
        steps=8,
        batch=2,
        history=3,
        checkpoint_every=4,
        sample_every=10**6,
        log_every=4,
        report_every_s=1e9,
        tensorboard=False,
    )

    def make(**changes: object) -> DistillArguments:
        return replace(base, **changes)  # type: ignore[arg-type]

    return make
