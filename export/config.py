"""`ExportConfig`: what `python -m export` is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from export.errors import ExportError

Precision = Literal["fp32", "fp16", "int8"]
OPSET = 18
OPSETS = range(18, 24)
"""That PyTorch's exporter writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportConfig:
    """Turn a training run into a bundle: ONNX with bytes in and out, checked against PyTorch."""

    run: Annotated[Path, tyro.conf.Positional]
    """The --out folder of `python -m train fit` or `distill`, or one of its checkpoints."""
    out: Path
    """The bundle's folder. An existing bundle is replaced only with --overwrite."""
    size: int | None = None
    """Width and height of the bundle's pictures. None is the run's; the fast family can take a
    multiple of it, and then works on a copy of the run's size."""
    precision: Precision = "fp32"
    """Of the graph. fp16 and int8 are for GPUs: on a CPU measure first (docs/export.md)."""
    half_weights: bool = False
    """fp32: keep the weights as float16 in the file, which is half as large; the graph computes in
    float32 all the same."""
    calibration: Path | None = None
    """What fp16 and int8 are calibrated on: a folder of images, a video, or a recorded session;
    None is the run's V."""
    engine: Literal["none", "tensorrt"] = "none"
    """tensorrt: build the engine for this machine's GPU now, not at the first start."""
    opset: int = OPSET
    """Of ONNX; an older runtime may need an older one."""
    name: str | None = None
    """The bundle's name; None is the name of the run's folder."""
    profile: Path | None = None
    """The camera's profile; None is the one by which the run's V was seen: that of its sessions, or
    camera.json in its folder or beside it."""
    golden: Path | None = None
    """Images, a video or a session to take the golden pairs from; None is the run's V."""
    credit: tuple[str, ...] = ()
    """Credit lines to add to those that a simulated set states."""
    licence: str = "unstated"
    """Licence of the weights."""
    overwrite: bool = False
    """Replace the bundle that is already in --out."""

    def __post_init__(self) -> None:
        if self.half_weights and self.precision != "fp32":
            raise ExportError(
                f"--half-weights is for --precision fp32; weights of {self.precision} are as small "
                "already, or smaller"
            )
