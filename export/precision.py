"""The graph in float16 or int8; what these types cannot hold stays in float32.

Stays: everything before the first and after the last convolution, where a step of a picture is
1/255 of the range; the norms, whose sums of squares overflow; and what came near float16's limit on
the frames that were tried.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime import InferenceSession, SessionOptions  # type: ignore[attr-defined]
from onnxruntime.quantization import (  # type: ignore[attr-defined]
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from export.errors import ExportError
from train.bundled import HALF

CONVOLUTIONS = {"Conv", "ConvTranspose"}
HALVED = CONVOLUTIONS | {"Relu", "Add", "Pad", "Resize"}
"""The operators that may compute in float16."""
HALF_MAX = 65504.0
HALF_LIMIT = HALF_MAX / 8
"""A value beyond this stays in float32: another frame may go further than those that were tried."""

WORTH_HALVING = 1024
"""Values that a tensor has at least for `store_half`."""


def to_half(proto: onnx.ModelProto, frames: NDArray[np.uint8]) -> onnx.ModelProto:
    """In float16 where it holds. frames: uint8[N,H,W,3]. Raises `ExportError` on an overflow that
    leaves nothing to halve."""
    body = _between_the_convolutions(proto)
    too_large = _beyond(proto, frames, HALF_LIMIT)
    halved = [
        node
        for node in body
        if node.op_type in HALVED and not too_large & {*node.input, *node.output}
    ]
    if not any(node.op_type in CONVOLUTIONS for node in halved):
        raise ExportError(
            f"float16 would overflow in every convolution (values beyond {HALF_LIMIT:.0f}): use "
            "--precision fp32, or train with a norm"
        )
    return _halve(proto, {node.name for node in halved})


def _halve(proto: onnx.ModelProto, names: set[str]) -> onnx.ModelProto:
    """The same graph with the nodes of these names in float16, and casts where the types meet."""
    half = onnx.ModelProto()
    half.CopyFrom(proto)
    graph = half.graph
    weights = {weight.name: weight for weight in graph.initializer}
    in_half: dict[str, str] = {}  # tensor -> its float16 version
    only_half: set[str] = set()
    nodes: list[onnx.NodeProto] = []

    def halved(name: str) -> str:
        if name not in in_half:
            in_half[name] = f"{name}{HALF}"
            if name in weights:
                values = np.asarray(onnx.numpy_helper.to_array(weights[name])).astype(np.float16)
                graph.initializer.append(onnx.numpy_helper.from_array(values, in_half[name]))
            else:
                nodes.append(_cast(name, in_half[name], onnx.TensorProto.FLOAT16))
        return in_half[name]

    for node in graph.node:
        if node.name in names:
            # A Resize's other inputs are its scales, which are float32 by definition.
            last = 1 if node.op_type in {"Resize", "Pad"} else len(node.input)
            for place in range(last):
                node.input[place] = halved(node.input[place])
            (out,) = node.output
            in_half[out] = node.output[0] = f"{out}{HALF}"
            only_half.add(out)
        else:
            for name in [name for name in dict.fromkeys(node.input) if name in only_half]:
                nodes.append(_cast(in_half[name], name, onnx.TensorProto.FLOAT))
                only_half.remove(name)
        nodes.append(node)
    used = {name for node in nodes for name in node.input}
    kept = [weight for weight in graph.initializer if weight.name in used]
    for field, content in (("node", nodes), ("initializer", kept), ("value_info", [])):
        graph.ClearField(field)
        getattr(graph, field).extend(content)
    return onnx.shape_inference.infer_shapes(half)


def store_half(proto: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph in float32 with its weights as float16, but for those beyond its range: each
    is cast by a node that runtimes compute once, when they load it."""
    small = onnx.ModelProto()
    small.CopyFrom(proto)
    graph = small.graph
    weights, casts = [], []
    for weight in graph.initializer:
        values = np.asarray(onnx.numpy_helper.to_array(weight))
        if (
            values.dtype != np.float32
            or values.size < WORTH_HALVING
            or not _within(values, HALF_MAX)
        ):
            weights.append(weight)
            continue
        name = f"{weight.name}{HALF}"
        weights.append(onnx.numpy_helper.from_array(values.astype(np.float16), name))
        casts.append(_cast(name, weight.name, onnx.TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    for field, content in (("node", nodes), ("initializer", weights)):
        graph.ClearField(field)
        getattr(graph, field).extend(content)
    return small


def _cast(name: str, to: str, dtype: int) -> onnx.NodeProto:
    return onnx.helper.make_node("Cast", [name], [to], name=f"cast_{to}", to=dtype)


def to_int8(proto: onnx.ModelProto, frames: NDArray[np.uint8]) -> onnx.ModelProto:
    """Convolutions in int8 by static QDQ, calibrated on frames uint8[N,H,W,3]. Symmetric and
    signed, as TensorRT demands; seven bits of a weight's eight, for a processor without VNNI adds
    products in sixteen bits and cuts off what does not fit. The last convolution, which paints
    the picture, stays as it is."""
    convolutions = [node.name for node in proto.graph.node if node.op_type in CONVOLUTIONS]
    (name,) = (tensor.name for tensor in proto.graph.input)
    with tempfile.TemporaryDirectory() as folder:
        prepared, quantised = Path(folder) / "prepared.onnx", Path(folder) / "int8.onnx"
        quant_pre_process(proto, prepared, skip_symbolic_shape=True, skip_optimization=True)
        quantize_static(
            prepared,
            quantised,
            _Frames(name, frames),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=sorted(CONVOLUTIONS),
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=convolutions[-1:],
            extra_options={
                "ActivationSymmetric": True,
                "WeightSymmetric": True,
                "QuantizeBias": False,
            },
        )
        return onnx.load(quantised)


class _Frames(CalibrationDataReader):
    """Frames one by one, as the quantiser asks for them."""

    def __init__(self, name: str, frames: NDArray[np.uint8]) -> None:
        self._feeds: Iterator[dict[str, NDArray[np.uint8]]] = (
            {name: frame[np.newaxis]} for frame in frames
        )

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:  # type: ignore[override]
        return next(self._feeds, None)


def _between_the_convolutions(proto: onnx.ModelProto) -> list[onnx.NodeProto]:
    """From the first convolution to the last; nodes come in the order of computation."""
    nodes = list(proto.graph.node)
    places = [i for i, node in enumerate(nodes) if node.op_type in CONVOLUTIONS]
    return nodes[places[0] : places[-1] + 1] if places else []


def _beyond(proto: onnx.ModelProto, frames: NDArray[np.uint8], limit: float) -> set[str]:
    """The weights and, on these frames, the tensors that hold a value beyond +-limit, or NaN."""
    found = {
        weight.name
        for weight in proto.graph.initializer
        if weight.data_type == onnx.TensorProto.FLOAT
        and not _within(np.asarray(onnx.numpy_helper.to_array(weight)), limit)
    }
    open_model = onnx.ModelProto()
    open_model.CopyFrom(proto)
    inner = [out for node in _between_the_convolutions(proto) for out in node.output]
    open_model.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in inner
    )
    options = SessionOptions()
    options.log_severity_level = 3
    session = InferenceSession(
        open_model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    (source,) = (tensor.name for tensor in proto.graph.input)
    for frame in frames:
        values = session.run(inner, {source: frame[np.newaxis]})
        found |= {
            name
            for name, value in zip(inner, values, strict=True)
            if not _within(np.asarray(value), limit)
        }
    return found


def _within(values: NDArray[Any], limit: float) -> bool:
    return bool((np.abs(values) <= limit).all())
