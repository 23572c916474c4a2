"""`BenchConfig`: what `python -m export.bench` can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from export.errors import ExportError

QUICK_TURNS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchConfig:
    """Time bundles on every backend that is installed. All take turns with PyTorch and a matrix
    product, so that a busy machine slows them alike."""

    bundles: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """Folders that `python -m export` wrote, of one input size: one for each precision, say."""
    untrained: tuple[str, ...] = ()
    """Networks to time beside them, or alone, FAMILY[:WIDTH[:BLOCKS]]: fast:24:4 fast:48 say."""
    size: int = 256
    """Width and height that untrained ones take where no bundle says it."""
    network: Literal["paper", "fast"] = "paper"
    """The D_C to time in PyTorch: what one would use without an export."""
    turns: int = 10
    """Each times one frame in PyTorch and `frames` on each backend."""
    frames: int = 10
    """Of each backend in a turn."""
    threads: int | None = None
    """Of PyTorch and the matrix product; None is as many as ONNX Runtime gets."""
    quick: bool = False
    """Two turns: a look, not a figure to quote."""
    json: Path | None = None
    """File for the figures."""

    def __post_init__(self) -> None:
        if not (self.bundles or self.untrained):
            raise ExportError(
                "no bundle: give one or more folders, such as models/demo, or --untrained"
            )
        for name in ("turns", "frames", "threads"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ExportError(f"--{name} {value}: give 1 or more")

    @property
    def measured_turns(self) -> int:
        """As asked, or few with --quick."""
        return QUICK_TURNS if self.quick else self.turns
