"""`Run`: the trained networks of a checkpoint, ready to be asked: averaged D_C, D_R and E.

Of a student, D_C alone.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from train import checkpoint
from train.checkpoint import Checkpoint
from train.config import NetworkConfig
from train.data import to_float, to_uint8
from train.distill.config import METHOD as DISTILLED
from train.errors import BadCheckpoint, BadData
from train.fitting import check_fits
from train.networks import Disentangler, Networks, Residual, build_content
from train.networks.translator import NoResidual

Images = NDArray[np.uint8]
"""uint8[N,H,W,3] RGB."""
BATCH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Networks in inference mode; their parameters take no gradient."""

    name: str
    """Unlike that of any run it was loaded with."""
    path: Path
    method: str
    step: int
    size: int
    """Height and width of the images, pixels."""
    content: nn.Module
    """D_C: averaged over the last steps, as export takes it, or as it is."""
    disentangler: Disentangler
    """D as it is, for its D_R; where D_C learnt alone, one that finds no residual."""
    e: nn.Module | None
    """E as it is; None where D_C learnt alone."""

    @property
    def entangler(self) -> nn.Module:
        """E. Raises `BadCheckpoint` if there is none."""
        if self.e is None:
            raise BadCheckpoint(
                f"{self.path}: D_C has learnt alone here ({self.method}), so there is neither E "
                "nor D_R: give a run of another method, or the one that a student learnt from"
            )
        return self.e

    def residual(self, v: Tensor) -> Residual:
        """r = D_R(v), of float[B,3,size,size] in -1..1."""
        return self.disentangler.find_residual(v)

    def translate(self, v: Images) -> Images:
        """c' = D_C(v), uint8[N,size,size,3] -> the same."""
        with torch.inference_mode():
            batches = [v[i : i + BATCH] for i in range(0, len(v), BATCH)]
            return np.concatenate([to_uint8(self.content(to_float(batch))) for batch in batches])


def load_runs(
    paths: Sequence[Path], *, averaged: bool = True, size: int | None = None
) -> list[Run]:
    """The newest checkpoint of each run (or the checkpoint that a path is), all of one image size.

    `averaged`: with the averaged D_C. Without, the D_C that E was trained with, for those who ask
    what the two have agreed upon. `size`: as `NetworkConfig.at`. Raises `BadCheckpoint`; `BadData`
    for runs of different sizes.
    """
    names = _names(paths)
    runs = [_load(path, name, averaged, size) for path, name in zip(paths, names, strict=True)]
    sizes = sorted({run.size for run in runs})
    if len(sizes) > 1:
        raise BadData(f"the runs are of sizes {sizes}; compare runs of one size")
    return runs


def _load(path: Path, name: str, averaged: bool, size: int | None) -> Run:
    saved = checkpoint.load(path)
    network = saved.config.network.at(size)
    try:
        disentangler, entangler = _networks(saved, network)
        content = copy.deepcopy(disentangler.content)
        if averaged:
            content.load_state_dict(saved.under("content_ema"))
    except RuntimeError as error:
        raise BadCheckpoint(f"{saved.path} does not hold the networks it names: {error}") from error
    return Run(
        name=name,
        path=saved.path,
        method=saved.config.method,
        step=saved.step,
        size=network.size,
        content=content.eval().requires_grad_(False),
        disentangler=disentangler.eval().requires_grad_(False),
        e=None if entangler is None else entangler.eval().requires_grad_(False),
    )


def _networks(saved: Checkpoint, config: NetworkConfig) -> tuple[Disentangler, nn.Module | None]:
    """D and E with their weights. Raises `BadCheckpoint` if they do not fit."""
    alone = {DISTILLED: "networks.content", "restoration": "networks.disentangler.content"}
    if (where := alone.get(saved.config.method)) is not None:
        check_fits(saved, build_content, where)
        content = build_content(config)
        content.load_state_dict(saved.under(where))
        return Disentangler(content, NoResidual()), None
    check_fits(saved, Networks, "networks")
    networks = Networks(config)
    networks.load_state_dict(saved.under("networks"))
    return networks.disentangler, networks.entangler


def _names(paths: Sequence[Path]) -> list[str]:
    """The last part of each path, with as many of its parents as it takes to tell them apart."""
    resolved = [path.resolve() for path in paths]
    for depth in range(1, 1 + max(len(path.parts) for path in resolved)):
        names = ["/".join(path.parts[-depth:]) for path in resolved]
        if len(set(names)) == len(names):
            return names
    raise BadData(f"a run is given twice: {', '.join(map(str, paths))}")
