"""D_C as an ONNX graph with bytes in and bytes out: all numerics lie inside.

frame uint8[1,H,W,3] RGB -> avatar uint8[1,H,W,3] RGB, static shapes, one opset
"""

from __future__ import annotations

import io
import logging
import warnings
from contextlib import redirect_stdout

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from export.config import OPSET, OPSETS, Precision
from export.errors import ExportError
from export.precision import store_half, to_half, to_int8

INPUT = "frame"
OUTPUT = "avatar"


class BytesToBytes(nn.Module):
    """D_C between bytes: u8 -> -1..1 -> D_C -> -1..1 -> u8, rounded to the nearest level.

    Bytes become floats first of all and floats bytes last of all: TensorRT knows bytes at the edges
    only.
    """

    def __init__(self, content: nn.Module) -> None:
        super().__init__()
        self.content = content

    def forward(self, frame: Tensor) -> Tensor:
        v = frame.float().permute(0, 3, 1, 2) / 127.5 - 1  # uint8[1,H,W,3] -> float[1,3,H,W]
        levels = (self.content(v) + 1) * 127.5
        avatar: Tensor = levels.round().clamp(0, 255).permute(0, 2, 3, 1).to(torch.uint8)
        return avatar


def to_onnx(
    model: BytesToBytes,
    size: int,
    precision: Precision = "fp32",
    frames: NDArray[np.uint8] | None = None,
    opset: int = OPSET,
    *,
    half_weights: bool = False,
) -> bytes:
    """The checked graph for size x size images, as one file's bytes.

    frames: uint8[N,size,size,3], what float16 and int8 are calibrated on. half_weights: as in
    `ExportConfig`. Raises `ExportError`.
    """
    proto = _trace(model, size, opset)
    if precision != "fp32":
        if frames is None:
            raise ValueError(f"{precision} needs frames")
        proto = (to_half if precision == "fp16" else to_int8)(proto, frames)
    if half_weights:
        proto = store_half(proto)
    _forget_where_it_was_made(proto)
    onnx.checker.check_model(proto, full_check=True)
    return bytes(proto.SerializeToString())


def _trace(model: BytesToBytes, size: int, opset: int) -> onnx.ModelProto:
    if opset not in OPSETS:
        raise ExportError(
            f"--opset {opset}: PyTorch's exporter writes {OPSETS.start} to {OPSETS.stop - 1}; "
            f"leave it at {OPSET} unless a runtime asks for another"
        )
    example = torch.zeros((1, size, size, 3), dtype=torch.uint8)
    # The exporter reports its progress on stdout and its own deprecations as warnings.
    with redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            model.eval(),
            (example,),
            dynamo=True,
            input_names=[INPUT],
            output_names=[OUTPUT],
            opset_version=opset,
            optimize=True,
            verbose=False,
        )
    assert program is not None
    proto: onnx.ModelProto = program.model_proto
    (written,) = (entry.version for entry in proto.opset_import if entry.domain == "")
    if written != opset:
        raise ExportError(f"--opset {opset}: the graph came out as opset {written}: use that one")
    return proto


def _forget_where_it_was_made(proto: onnx.ModelProto) -> None:
    """The exporter notes the Python stack of every node: paths of this machine, in a file that is
    given away."""
    for part in (proto, proto.graph, *proto.functions):
        del part.metadata_props[:]
    graph = proto.graph
    nodes = (*graph.node, *(node for function in proto.functions for node in function.node))
    for noted in (*nodes, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        del noted.metadata_props[:]
        noted.doc_string = ""


def giga_macs(content: nn.Module, size: int) -> float:
    """10^9 multiply-accumulates of one size x size image."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        content(torch.zeros((1, 3, size, size)))
    return float(counter.get_total_flops()) / 2e9
