"""D_C as an ONNX graph with bytes in and bytes out: all numerics lie inside.

frame uint8[1,H,W,3] RGB -> avatar uint8[1,H,W,3] RGB, static shapes, one opset
"""

from __future__ import annotations

import io
import logging
import warnings
from contextlib import redirect_stdout

import onnx
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

OPSET = 18
INPUT = "frame"
OUTPUT = "avatar"


class BytesToBytes(nn.Module):
    """D_C between bytes: u8 -> -1..1 -> D_C -> -1..1 -> u8, rounded to the nearest level."""

    def __init__(self, content: nn.Module) -> None:
        super().__init__()
        self.content = content

    def forward(self, frame: Tensor) -> Tensor:
        v = frame.permute(0, 3, 1, 2).float() / 127.5 - 1  # uint8[1,H,W,3] -> float[1,3,H,W]
        levels = (self.content(v) + 1) * 127.5
        avatar: Tensor = levels.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
        return avatar


def to_onnx(model: BytesToBytes, size: int) -> bytes:
    """The checked graph for size x size images, as one file's bytes."""
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
            opset_version=OPSET,
            optimize=True,
            verbose=False,
        )
    assert program is not None
    proto = program.model_proto
    _forget_where_it_was_made(proto)
    onnx.checker.check_model(proto, full_check=True)
    return bytes(proto.SerializeToString())


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
