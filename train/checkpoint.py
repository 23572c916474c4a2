"""Checkpoints: one folder a step, `tensors.safetensors` beside `state.json` with the config inside.

A checkpoint appears whole or not at all: it is written beside its place, flushed to disk, and
renamed; older ones go only then. Nothing in it can run code, so one from elsewhere is safe to open.
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

from train.config_json import RunConfig, from_json, to_json
from train.errors import BadCheckpoint, NotSaved, TrainError
from train.trainee import Trainee

TENSORS = "tensors.safetensors"
META = "state.json"
FORMAT = 2
READABLE = (1, 2)
"""Format 1 has fewer fields in its config; what they say now is what they could not say then."""
_DAMAGE = (
    *(OSError, ValueError, LookupError, TypeError, AttributeError),  # other things than expected
    *(OverflowError, RecursionError),  # a number too large, lists in lists in lists
)


def save(state: Trainee, config: RunConfig, progress: dict[str, Any]) -> Path:
    """Write a checkpoint of `state` and remove all but the newest `config.keep`.

    `progress` (JSON) is what else the run wants to find again: seconds trained, say. Raises
    `NotSaved` if the disk is full; the checkpoints before are then as they were.
    """
    folder = config.out / "checkpoints"
    place = folder / f"step-{state.step:07d}"
    meta = {"format": FORMAT, "step": state.step, "progress": progress, "config": to_json(config)}
    unfinished = folder / f".{place.name}.unfinished"
    try:
        _sweep(folder)
        unfinished.mkdir(parents=True)
        save_file(state.tensors(), unfinished / TENSORS)
        (unfinished / META).write_text(json.dumps(meta, indent=2) + "\n")
        for path in (unfinished / TENSORS, unfinished / META, unfinished):
            _flush(path)
        _remove(place)
        unfinished.replace(place)
        _flush(folder)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        last = newest(config.out)
        raise NotSaved(
            f"step {state.step} could not be saved in {folder}: {error}. "
            + (f"The run is safe up to {last.name}" if last else "There is no checkpoint before it")
            + "; make room there and start the same command again"
        ) from error
    for old in _all(config.out)[: -config.keep]:
        _remove(old)
    return place


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A checkpoint read from disk."""

    path: Path
    step: int
    config: RunConfig
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
        raise BadCheckpoint(
            f"{run} holds no checkpoint: give the --out folder of `train fit` or `distill`"
        )
    try:
        meta = json.loads((path / META).read_text())
        if meta["format"] not in READABLE:
            raise BadCheckpoint(
                f"{path} has format {meta['format']}; this version reads formats 1 to {FORMAT}"
            )
        return Checkpoint(
            path=path,
            step=int(meta["step"]),
            config=from_json(meta["config"]),
            progress=dict(meta["progress"]),
            tensors=load_file(path / TENSORS),
        )
    except BadCheckpoint:
        raise
    except (*_DAMAGE, SafetensorError, TrainError) as error:
        raise BadCheckpoint(f"{path} is damaged: {error}") from error


def _all(run: Path) -> list[Path]:
    return sorted((run / "checkpoints").glob("step-*"))


def _remove(place: Path) -> None:
    """By renaming first: a checkpoint that is half gone must not look like one."""
    if place.exists():
        shutil.rmtree(place.rename(place.with_name(f".{place.name}.old")), ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Remove what a run that was killed while saving has left."""
    for pattern in (".step-*.unfinished", ".step-*.old"):
        for left in folder.glob(pattern):
            shutil.rmtree(left)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
