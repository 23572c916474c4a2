"""What the tests of `cheat` work on: images of V and C, and the truth where it is known.

Images are floats all the way, float[N,3,H,W] in -1..1: rounding to 8 bits between two networks
would already disturb a hidden message (`honesty.py` does so on purpose).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from train.data import list_images, to_float
from train.evaluate.bootstrap import Bootstrap, Figure, Floats
from train.evaluate.simulated import Mouth, load_pairs, mean_render, read_images, spread
from train.runs import BATCH, Run

Change = Callable[[Tensor], Tensor]
"""float[B,3,H,W] in -1..1 -> the same, disturbed."""

COLUMNS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """N images of V, and as many unrelated ones of C."""

    v: Tensor
    c: Tensor
    truth: Tensor | None
    """The true renders of v; None outside simulated sets."""
    mean_c: Tensor
    """The mean of C, float[1,3,H,W]: who never looks. What an error is held against."""
    mouth: Mouth | None
    """Where errors are measured; None is the whole image."""
    bootstrap: Bootstrap

    @property
    def elsewhere(self) -> Tensor:
        """int[N]: for each image an unrelated one, half the set away."""
        return torch.arange(len(self.v)).roll(-(len(self.v) // 2))

    @property
    def shown(self) -> Tensor:
        """int[<=8]: the images that pictures show, spread evenly."""
        last = len(self.v) - 1
        return torch.linspace(0, last, min(COLUMNS, last + 1)).round().long()

    def errors(self, got: Tensor, wanted: Tensor) -> Floats:
        """Mean |got - wanted| of each image, in the mouth if that is known: float[N]."""
        rows, columns = self.mouth or (slice(None), slice(None))
        difference = (got - wanted)[:, :, rows, columns].abs()
        return difference.mean((1, 2, 3)).numpy().astype(float)

    def error(self, got: Tensor, wanted: Tensor) -> Figure:
        return self.bootstrap.mean(self.errors(got, wanted))


def load_material(data: Path, size: int, count: int, seed: int) -> Material:
    """Up to `count` images of v/, spread evenly. Raises `BadData`."""
    if (data / "truth").is_dir():
        pairs = load_pairs(data, size, count)
        v, truth, mouth, groups = pairs.v, to_float(pairs.truth), pairs.mouth, pairs.groups
    else:
        v = read_images(spread(list_images(data / "v"), count), size)
        truth, mouth, groups = None, None, np.arange(len(v))
    renders = spread(list_images(data / "c"), len(v))
    c = read_images([renders[k % len(renders)] for k in range(len(v))], size)
    return Material(
        v=to_float(v),
        c=to_float(c),
        truth=truth,
        mean_c=to_float(mean_render(data, size)[None]),
        mouth=mouth,
        bootstrap=Bootstrap(groups, seed),
    )


@torch.inference_mode()
def entangle(run: Run, c: Tensor, v: Tensor) -> Tensor:
    """E(c_k, D_R(v_k)) of each pair."""
    made = [
        run.entangler(one_c, run.residual(one_v))
        for one_c, one_v in zip(c.split(BATCH), v.split(BATCH), strict=True)
    ]
    return torch.cat(made)


@torch.inference_mode()
def decode(run: Run, v: Tensor) -> Tensor:
    """D_C(v)."""
    return torch.cat([run.content(batch) for batch in v.split(BATCH)])
