"""`AveragedContent`: D_C out of a bundle that `export` wrote, where its run is not at hand.

Of a bundle this reads what `--init` asks for. What a bundle is, and whether it is one, is for the
live side to say.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from train.config import NetworkConfig
from train.errors import BadCheckpoint, TrainError

CONTENT = "content."
"""What D_C's tensors begin with in the graph."""
HALF = "_half"
"""What the names of those end in that the graph keeps as float16."""
_MANIFEST, _MODEL = "manifest.json", "model.onnx"


@dataclass(frozen=True, slots=True, kw_only=True)
class AveragedContent:
    """The D_C of a run, averaged over its last steps: what a bundle holds."""

    path: Path
    network: NetworkConfig
    content: dict[str, Tensor]
    """Weights by name, float32; of a bundle, as exact as it keeps them."""


def is_bundle(path: Path) -> bool:
    return (path / _MANIFEST).is_file()


def load(path: Path) -> AveragedContent:
    """Raises `BadCheckpoint`."""
    told = _manifest(path)
    try:
        sha256, precision, network = told["files"][_MODEL], told["precision"], told["network"]
        known = {field.name: network[field.name] for field in fields(NetworkConfig)}
        model = (path / _MODEL).read_bytes()
        network = NetworkConfig(**known)
    except KeyError as error:
        raise BadCheckpoint(
            f"{path}: its {_MANIFEST} lacks {error}: it is damaged, or an earlier version "
            "wrote it; export it again"
        ) from error
    except (OSError, TypeError, TrainError) as error:
        raise BadCheckpoint(f"{path} is damaged: {error}") from error
    if hashlib.sha256(model).hexdigest() != sha256:
        raise BadCheckpoint(
            f"{path}: {_MODEL} is not the one that its {_MANIFEST} names: restore it"
        )
    if precision == "int8":
        raise BadCheckpoint(f"{path} keeps its weights in 8 bits: give a bundle of float32")
    return AveragedContent(path=path, network=network, content=_content(path, model))


def stages(path: Path) -> list[dict[str, Any]]:
    """The runs that led to the bundle, as `lineage.stages` has them. Raises `BadCheckpoint`."""
    told = _manifest(path).get("training")
    found = told.get("stages") if isinstance(told, dict) else None
    return [stage for stage in found if isinstance(stage, dict)] if isinstance(found, list) else []


def credit_lines(path: Path) -> tuple[str, ...]:
    """Whose data the bundle was trained on. Raises `BadCheckpoint`."""
    found = _manifest(path).get("credits")
    return tuple(line for line in found if isinstance(line, str)) if isinstance(found, list) else ()


def _manifest(path: Path) -> dict[str, Any]:
    try:
        told = json.loads((path / _MANIFEST).read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise BadCheckpoint(f"{path}: {_MANIFEST} cannot be read: {error}") from error
    if not isinstance(told, dict):
        raise BadCheckpoint(f"{path}: {_MANIFEST} is no manifest of a bundle")
    return told


def _content(path: Path, model: bytes) -> dict[str, Tensor]:
    try:
        import onnx
        from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    except ImportError as error:
        raise BadCheckpoint(
            f"to read the bundle {path} needs the extra: pip install -e .[export] ({error})"
        ) from error
    try:
        held = {
            weight.name.removeprefix(CONTENT).removesuffix(HALF): onnx.numpy_helper.to_array(weight)
            for weight in onnx.load_from_string(model).graph.initializer
            if weight.name.startswith(CONTENT)
        }
    except (DecodeError, ValueError, TypeError) as error:
        raise BadCheckpoint(f"{path}: {_MODEL} cannot be read: {error}") from error
    return {name: torch.from_numpy(values.astype(np.float32)) for name, values in held.items()}
