"""Going on from a checkpoint, or starting from another run's networks: what fits, and what not."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from train import bundled, checkpoint
from train.bundled import AveragedContent
from train.checkpoint import Checkpoint
from train.config import NetworkConfig
from train.config_json import RunConfig
from train.errors import BadCheckpoint
from train.networks import in_block, is_fine
from train.trainee import Trainee

WHERE = ("out", "init")
"""What may differ without a word: where a run is kept, and what it once began with."""


def go_on(state: Trainee, config: RunConfig, saved: Checkpoint) -> None:
    """Fill the state from a checkpoint of the same run. Raises `BadCheckpoint`."""
    if saved.config.network != config.network:
        raise another_network(saved.path, saved.config.network, config.network)
    try:
        state.load(saved.step, saved.tensors)
    except (KeyError, RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise BadCheckpoint(
            f"{saved.path} does not hold the networks that this version makes of its config "
            f"({reason}): an earlier version wrote it, or it is damaged; train anew with another "
            "--out"
        ) from error


def averaged(init: Path) -> AveragedContent:
    """Of a run, or of a bundle. Raises `BadCheckpoint`."""
    if bundled.is_bundle(init):
        return bundled.load(init)
    saved = checkpoint.load(init)
    return AveragedContent(
        path=saved.path, network=saved.config.network, content=saved.under("content_ema")
    )


def take_over(module: nn.Module, weights: dict[str, Tensor]) -> bool:
    """All weights; a refinement, an enlargement, further blocks or wider ones, which the first run
    did not have, begin as they are: they hardly change anything yet. Whether it had a refinement or
    an enlargement that this one has not, which is left out. Raises RuntimeError if the rest does
    not fit."""
    own = module.state_dict()
    left = [name for name in weights if is_fine(name) and name not in own]
    weights = {name: t for name, t in weights.items() if name not in left}
    new = {name: t for name, t in own.items() if is_fine(name) or in_block(name)}
    wider = {
        name: _widened(t, weights[name])
        for name, t in new.items()
        if in_block(name) and name in weights
    }
    module.load_state_dict(new | weights | wider)
    return bool(left)


def _widened(new: Tensor, known: Tensor) -> Tensor:
    """A block's tensor with what is known of it. Channels between its two convolutions that nobody
    knows yet are not heard by the second one."""
    if known.shape == new.shape or any(k > n for k, n in zip(known.shape, new.shape, strict=False)):
        return known  # as large, or it does not fit
    if known.ndim > 1 and known.shape[1] < new.shape[1]:
        new = torch.zeros_like(new)
    whole = new.clone()
    whole[tuple(map(slice, known.shape))] = known
    return whole


def another_network(
    path: Path, before: NetworkConfig, now: NetworkConfig, what: str = ""
) -> BadCheckpoint:
    """The error for networks that do not fit. `what`: the option that asked for them."""
    differ = ", ".join(changes(before, now)) or "its tensors"
    if before.strided_layers != now.strided_layers:
        differ += f"; --adversary-layers {before.strided_layers} -> {now.strided_layers}"
    return BadCheckpoint(
        f"{what}{path} is of another network ({differ}): ask for the same one, or for another --out"
    )


def changes(before: Any, now: Any) -> Iterator[str]:
    """Fields of two configs that differ, as "name old -> new"."""
    for name in (f.name for f in dataclasses.fields(now) if f.name not in WHERE):
        a, b = getattr(before, name), getattr(now, name)
        if dataclasses.is_dataclass(a):
            yield from changes(a, b)
        elif a != b:
            yield f"{name} {a} -> {b}"
