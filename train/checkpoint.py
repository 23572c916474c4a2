"""Checkpoints: one folder a step, `tensors.safetensors` beside `state.json` with the config inside.

A checkpoint appears whole or not at all: it is written beside its place, flushed to disk, and
renamed. Nothing in it can run code, so a checkpoint from elsewhere is safe to open.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from train.config import FitConfig
from train.cycles import LossWeights
from train.errors import BadCheckpoint
from train.networks import NetworkConfig
from train.state import State

TENSORS = "tensors.safetensors"
META = "state.json"


def save(state: State, config: FitConfig, progress: dict[str, Any]) -> Path:
    """Write a checkpoint of `state` and remove all but the newest `config.keep`.

    `progress` is what else the run wants to find again: seconds trained, say.
    """
    folder = config.out / "checkpoints"
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"step-{state.step:07d}"
    unfinished = folder / f".{place.name}.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    save_file(state.tensors(), unfinished / TENSORS)
    meta = {"format": 1, "step": state.step, "progress": progress, "config": to_json(config)}
    (unfinished / META).write_text(json.dumps(meta, indent=2) + "\n")
    for name in (TENSORS, META):
        with (unfinished / name).open("rb") as file:
            os.fsync(file.fileno())
    if place.exists():
        shutil.rmtree(place)
    unfinished.replace(place)
    for old in _all(config.out)[: -config.keep]:
        shutil.rmtree(old)
    return place


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A checkpoint read from disk."""

    path: Path
    step: int
    config: FitConfig
    progress: dict[str, Any]
    tensors: dict[str, Tensor]

    def under(self, prefix: str) -> dict[str, Tensor]:
        """The tensors whose names start with `prefix`, without it."""
        start = prefix + "."
        return {k[len(start) :]: t for k, t in self.tensors.items() if k.startswith(start)}


def newest(run: Path) -> Path | None:
    """The newest whole checkpoint of a run, None if there is none."""
    found = _all(run)
    return found[-1] if found else None


def load(run: Path) -> Checkpoint:
    """The newest checkpoint of a run, or the one that `run` itself is. Raises `BadCheckpoint`."""
    path = run if (run / META).exists() else newest(run)
    if path is None:
        raise BadCheckpoint(f"{run} holds no checkpoint: give the --out folder of `train fit`")
    try:
        meta = json.loads((path / META).read_text())
        if meta["format"] != 1:
            raise BadCheckpoint(f"{path} has format {meta['format']}; this version reads format 1")
        return Checkpoint(
            path=path,
            step=int(meta["step"]),
            config=from_json(meta["config"]),
            progress=dict(meta["progress"]),
            tensors=load_file(path / TENSORS),
        )
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise BadCheckpoint(f"{path} is damaged: {error}") from error


def _all(run: Path) -> list[Path]:
    return sorted((run / "checkpoints").glob("step-*"))


def to_json(config: FitConfig) -> dict[str, Any]:
    fields = dataclasses.asdict(config)
    return {k: str(value) if isinstance(value, Path) else value for k, value in fields.items()}


def from_json(fields: dict[str, Any]) -> FitConfig:
    fields = dict(fields)
    for name in ("v", "c", "out", "init"):
        fields[name] = Path(fields[name]) if fields[name] is not None else None
    fields["network"] = NetworkConfig(**fields["network"])
    fields["weights"] = LossWeights(**fields["weights"])
    return FitConfig(**fields)
