"""What stays in float32 when mixed precision computes the rest in half precision."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def in_float32(compute: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """`compute(x)` out of reach of autocast: for pictures, whose steps of 1/255 half precision
    cannot hold, and for adversaries, who would tell real from fake by the missing ones."""
    if not torch.is_autocast_enabled(x.device.type):
        return compute(x)
    with torch.autocast(x.device.type, enabled=False):
        return compute(x.float())


def as_float32(x: Tensor) -> Tensor:
    """A half precision result as float32, for a loss to be taken of; others as they are."""
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
