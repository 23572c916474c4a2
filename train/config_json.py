"""`RunConfig`: the config of a run, of `fit` or of `distill`, as a checkpoint's JSON and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from train.config import FitConfig, LossWeights, NetworkConfig
from train.distill.config import DistillConfig, DistillWeights, Teacher
from train.errors import BadCheckpoint

RunConfig = FitConfig | DistillConfig


def to_json(config: RunConfig) -> dict[str, Any]:
    """What `from_json` reads."""
    fields: dict[str, Any] = plain(config)
    return fields


def plain(value: Any) -> Any:
    """Dataclasses, tuples and paths, in each other, as JSON has them."""
    if dataclasses.is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def from_json(fields: dict[str, Any]) -> RunConfig:
    """The config of a checkpoint. What an older one does not know yet has its default.

    Raises `BadCheckpoint` for a field that this version does not know: it may matter.
    """
    kind = DistillConfig if "teacher" in fields else FitConfig
    weights = DistillWeights if "teacher" in fields else LossWeights
    paths = dict.fromkeys(("v", "c", "normals", "profile", "out", "init", "unseen"), _path)
    parts = {"network": _network, "weights": _part(weights), "teacher": _teacher}
    config: RunConfig = _dataclass(kind, fields, paths | parts)
    return config


Read = Callable[[Any], Any]


def _teacher(fields: dict[str, Any]) -> Teacher:
    read: dict[str, Read] = {
        "path": _path,
        "network": _network,
        "sources": lambda paths: tuple(map(Path, paths)),
        "stages": tuple,
    }
    teacher: Teacher = _dataclass(Teacher, fields, read)
    return teacher


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def _part(kind: type) -> Read:
    return lambda fields: _dataclass(kind, fields, {})


_network = _part(NetworkConfig)


def _dataclass(kind: type, fields: dict[str, Any], read: dict[str, Read]) -> Any:
    unknown = set(fields) - {field.name for field in dataclasses.fields(kind)}
    if unknown:
        raise BadCheckpoint(
            f"the checkpoint's config says {', '.join(sorted(unknown))}, which this version does "
            "not know: it is from a newer one"
        )
    return kind(**{k: read[k](value) if k in read else value for k, value in fields.items()})
