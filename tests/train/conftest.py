"""Small image folders and a run config that trains in seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from calibration.opencv import cv2
from train.config import FitConfig, NetworkConfig

SIZE = 32


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def write_images(folder: Path, count: int, seed: int, size: int = SIZE) -> Path:
    """Smooth random colour pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    for index in range(count):
        coarse = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
        picture = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
        assert cv2.imwrite(str(folder / f"{index:03d}.png"), picture)
    return folder


@pytest.fixture
def fit_config(tmp_path: Path) -> Callable[..., FitConfig]:
    """A factory: a tiny run on two folders of random pictures; keywords replace fields."""
    base = FitConfig(
        v=write_images(tmp_path / "v", 7, seed=1),
        c=write_images(tmp_path / "c", 5, seed=2),
        out=tmp_path / "run",
        network=NetworkConfig(size=SIZE, width=8, blocks=2, adversary_width=8),
        steps=8,
        batch=2,
        history=3,
        checkpoint_every=4,
        sample_every=10**6,
        log_every=4,
        report_every_s=1e9,
        tensorboard=False,
    )

    def make(**changes: object) -> FitConfig:
        return replace(base, **changes)  # type: ignore[arg-type]

    return make
