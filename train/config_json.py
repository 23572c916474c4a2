"""`RunConfig`: the config of a run, of `fit` or of `distill`, as a checkpoint's JSON and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from train.config import FitConfig, LossWeights, NetworkConfig
from train.errors import BadCheckpoint

RunConfig = FitConfig

_PATHS = ("v", "c", "profile", "out", "init")


def to_json(config: RunConfig) -> dict[str, Any]:
    fields = dataclasses.asdict(config)
    return {k: str(value) if isinstance(value, Path) else value for k, value in fields.items()}


def from_json(fields: dict[str, Any]) -> RunConfig:
    """The config of a checkpoint. What an older one does not know yet has its default.

    Raises `BadCheckpoint` for a field that this version does not know: it may matter.
    """
    known = {field.name for field in dataclasses.fields(FitConfig)}
    read: dict[str, Callable[[Any], Any]] = {
        **{name: lambda text: None if text is None else Path(text) for name in _PATHS},
        "network": lambda part: _dataclass(NetworkConfig, part),
        "weights": lambda part: _dataclass(LossWeights, part),
    }
    _refuse_unknown(set(fields) - known)
    return FitConfig(**{k: read[k](value) if k in read else value for k, value in fields.items()})


def _dataclass(kind: type, fields: dict[str, Any]) -> Any:
    _refuse_unknown(set(fields) - {field.name for field in dataclasses.fields(kind)})
    return kind(**fields)


def _refuse_unknown(names: set[str]) -> None:
    if names:
        raise BadCheckpoint(
            f"the checkpoint's config says {', '.join(sorted(names))}, which this version does not "
            "know: it is from a newer one"
        )
