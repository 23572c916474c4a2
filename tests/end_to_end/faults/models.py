"""Bundles whose model inverts a picture, and goes wrong where its first pixel is bright.

They run in the real runtime: what it raises, and how long it takes, is its own doing.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from calibration.profile import CameraProfile
from realtime.bundle import GOLDEN_PAIRS, GoldenPair, save_golden
from realtime.manifest import CAMERA, MODEL
from tests.conftest import TINY_SHAPE, write_tiny_manifest

_SIDE = 384
_TRIED_TURNS = 200


def write_faulty_bundle(
    folder: Path, fault: str, turns: int = 0, *, golden_is_marked: bool = False
) -> Path:
    """`fault`: raises, nan, or slow: `turns` large products of matrices more for such a picture.
    golden_is_marked: the pictures that it is tried with at the start are such."""
    folder.mkdir()
    (folder / MODEL).write_bytes(_model(fault, turns))
    CameraProfile(camera="a test").save(folder / CAMERA)
    inputs = np.random.default_rng(0).integers(0, 256, (GOLDEN_PAIRS, *TINY_SHAPE), np.uint8)
    inputs[:, :, 0, 0] = 255 * golden_is_marked
    save_golden(folder, tuple(GoldenPair(input=image, output=255 - image) for image in inputs))
    write_tiny_manifest(folder)
    return folder


def turns_that_take(seconds: float) -> int:
    """For `slow`, on this machine: one may be five times as fast as another."""
    session = onnxruntime.InferenceSession(_model("slow", _TRIED_TURNS))
    marked = np.full(TINY_SHAPE, 255, np.uint8)
    took_s = []
    for _ in range(3):  # the first one makes room
        started_s = time.perf_counter()
        session.run(None, {"frame": marked})
        took_s.append(time.perf_counter() - started_s)
    return round(seconds / min(took_s) * _TRIED_TURNS)


def _model(fault: str, turns: int) -> bytes:
    node = helper.make_node
    constants = {
        "flat": np.array([-1], np.int64),
        "first": np.array([0], np.int64),
        "half": np.array([128], np.int64),
        "one": np.array([1], np.int64),
        "turns": np.array([turns], np.int64),
        "nothing": np.array([0], np.uint8),
        "zero_f": np.array([0], np.float32),
        "one_f": np.array([1], np.float32),
        "square": np.zeros((_SIDE, _SIDE), np.float32),
    }
    nodes = [
        node("Reshape", ["frame", "flat"], ["row"]),
        node("Gather", ["row", "first"], ["pixel"]),
        node("Cast", ["pixel"], ["level"], to=TensorProto.INT64),
        node("Div", ["level", "half"], ["marked"]),  # 1 where the pixel is bright, else 0
        *_FAULTS[fault](),
        node("BitwiseNot", ["frame"], ["inverse"]),
        node("Cast", ["inverse"], ["inverse_f"], to=TensorProto.FLOAT),
        node("Add", ["inverse_f", "harm"], ["sum"]),
        node("Cast", ["sum"], ["avatar"], to=TensorProto.UINT8),
    ]
    graph = helper.make_graph(
        nodes,
        "faulty",
        [helper.make_tensor_value_info("frame", TensorProto.UINT8, TINY_SHAPE)],
        [helper.make_tensor_value_info("avatar", TensorProto.UINT8, TINY_SHAPE)],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _raises() -> list[onnx.NodeProto]:
    return [helper.make_node("Gather", ["zero_f", "marked"], ["harm"])]  # there is no element 1


def _nan() -> list[onnx.NodeProto]:
    return [
        helper.make_node("Cast", ["marked"], ["marked_f"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["one_f", "marked_f"], ["divisor"]),
        helper.make_node("Div", ["zero_f", "divisor"], ["harm"]),  # 0 / 0
    ]


def _slow() -> list[onnx.NodeProto]:
    value, node = helper.make_tensor_value_info, helper.make_node
    body = helper.make_graph(
        [
            node("MatMul", ["state", "square"], ["next_state"]),
            node("Identity", ["go_on"], ["go_on_too"]),
        ],
        "turn",
        [
            value("turn", TensorProto.INT64, []),
            value("go_on", TensorProto.BOOL, []),
            value("state", TensorProto.FLOAT, [_SIDE, _SIDE]),
        ],
        [
            value("go_on_too", TensorProto.BOOL, []),
            value("next_state", TensorProto.FLOAT, [_SIDE, _SIDE]),
        ],
    )
    return [
        node("Mul", ["marked", "turns"], ["more"]),
        node("Add", ["more", "one"], ["count"]),
        node("Loop", ["count", "", "square"], ["last_state"], body=body),
        node("ReduceMax", ["last_state"], ["harm"], keepdims=0),
    ]


_FAULTS = {"raises": _raises, "nan": _nan, "slow": _slow}
