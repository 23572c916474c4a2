"""A run that has not trained: what the experiments load, without the wait."""

from __future__ import annotations

from pathlib import Path

import torch

from train import checkpoint
from train.config import FitConfig
from train.state import State


def write_run(config: FitConfig, step: int = 1) -> Path:
    """Save random networks as the checkpoint of `step` in config.out; the averaged D_C differs from
    the live one."""
    state = State(config)
    state.step = step
    with torch.no_grad():
        for parameter in state.content_ema.parameters():
            parameter.mul_(1.1)
    checkpoint.save(state, config, {})
    return config.out
