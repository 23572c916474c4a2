"""A config that trains in a moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from train.synthetic.config import SyntheticConfig

MakeConfig = Callable[..., SyntheticConfig]


@pytest.fixture
def synthetic_config(tmp_path: Path) -> MakeConfig:
    """A factory; keywords replace fields."""
    base = SyntheticConfig(out=tmp_path / "out", seeds=3, steps=6, batch=16, points=3, threads=1)

    def make(**changes: object) -> SyntheticConfig:
        return replace(base, **changes)  # type: ignore[arg-type]

    return make
