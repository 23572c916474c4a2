"""What several tests need: a real bundle whose model runs in microseconds."""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from calibration.profile import CameraProfile
from realtime.bundle import GOLDEN_PAIRS, GoldenPair, save_golden, sha256_file
from realtime.manifest import CAMERA, GOLDEN, MODEL, Manifest, Tensor
from realtime.parity import Tolerance
from tests.skips import (  # noqa: F401  # hooks, which pytest finds here
    pytest_make_collect_report,
    pytest_runtest_makereport,
)

Shape = tuple[Literal[1], int, int, Literal[3]]

TINY_SHAPE: Shape = (1, 64, 64, 3)

# A shell ignores these for what it runs in the background, and what is tested would inherit that.
for _number, _usual in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGHUP, signal.SIG_DFL),
):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _usual)


@pytest.fixture
def tiny_bundle(tmp_path: Path) -> Path:
    """A folder with a valid bundle whose model inverts a 64x64 picture: 255 - x."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    write_tiny_bundle(folder)
    return folder


def write_tiny_bundle(folder: Path, shape: Shape = TINY_SHAPE) -> None:
    (folder / MODEL).write_bytes(_invert_model(shape))
    CameraProfile(camera="a test").save(folder / CAMERA)
    inputs = np.random.default_rng(0).integers(0, 256, (GOLDEN_PAIRS, *shape), np.uint8)
    save_golden(folder, tuple(GoldenPair(input=image, output=255 - image) for image in inputs))
    write_tiny_manifest(folder, shape)


def write_tiny_manifest(folder: Path, shape: Shape = TINY_SHAPE) -> None:
    """(Re)write the manifest for the files as they are now in `folder`."""
    Manifest(
        name="tiny",
        created=datetime(2026, 1, 2, tzinfo=UTC),
        files={name: sha256_file(folder / name) for name in (MODEL, CAMERA, GOLDEN)},
        input=Tensor(name="frame", shape=shape),
        output=Tensor(name="avatar", shape=shape),
        network={"family": "invert", "parameters": 0},
        method="none",
        training={"step": 0},
        precision="uint8",
        opset=18,
        parity={},
        golden=Tolerance(max_abs=0, mean_abs=0),
        credits=("the tests",),
        licence="Apache-2.0",
    ).save(folder)


def _invert_model(shape: Shape) -> bytes:
    graph = helper.make_graph(
        [helper.make_node("BitwiseNot", ["frame"], ["avatar"])],
        "invert",
        [helper.make_tensor_value_info("frame", TensorProto.UINT8, shape)],
        [helper.make_tensor_value_info("avatar", TensorProto.UINT8, shape)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return model.SerializeToString()
