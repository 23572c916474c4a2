"""`ExportConfig`: what `python -m export` is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportConfig:
    """Turn a training run into a bundle: ONNX with bytes in and out, checked against PyTorch."""

    run: Annotated[Path, tyro.conf.Positional]
    """The --out folder of `python -m train fit`, or one of its checkpoints."""
    out: Path
    """The bundle's folder. An existing bundle is replaced only with --overwrite."""
    name: str | None = None
    """The bundle's name; None is the name of the run's folder."""
    profile: Path | None = None
    """The camera's profile; None is camera.json beside the run's V folder, if it is there."""
    golden: Path | None = None
    """Folder of camera images to take the golden pairs from; None is the run's V folder."""
    credit: tuple[str, ...] = ()
    """Credit lines to add to those that a simulated set states."""
    licence: str = "unstated"
    """Licence of the weights."""
    overwrite: bool = False
    """Replace the bundle that is already in --out."""
