"""float16 and int8 graphs: the types are there, the picture is the same, what overflows stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnxruntime import InferenceSession

from calibration.profile import CameraProfile
from export import parity as parity_module
from export.bundle import export_bundle
from export.config import ExportConfig, Precision
from export.errors import ExportError
from export.frames import read_frames
from export.graph import BytesToBytes, to_onnx
from export.parity import FLOAT32
from export.precision import WORTH_HALVING
from realtime.errors import BackendMissing
from realtime.parity import LEAST_PSNR_DB, compare
from tests.pictures import draw_number, write_clip
from tests.train.conftest import fit_config  # noqa: F401
from train import fit
from train.config import FitConfig, NetworkConfig
from train.networks import build_content

SIZE_PX = 32
PAPER = NetworkConfig(family="paper", size=SIZE_PX, width=8, blocks=2)
FAST = NetworkConfig(family="fast", size=SIZE_PX, width=8, blocks=2, norm="instance")


def model_of(network: NetworkConfig) -> BytesToBytes:
    torch.manual_seed(0)
    return BytesToBytes(build_content(network)).eval()


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (4, SIZE_PX, SIZE_PX, 3), np.uint8)


def element_types(graph: onnx.ModelProto) -> set[int]:
    return {tensor.data_type for tensor in graph.graph.initializer}


@pytest.mark.parametrize("network", [PAPER, FAST], ids=["paper", "fast"])
@pytest.mark.parametrize(
    ("precision", "weights"),
    [("fp16", onnx.TensorProto.FLOAT16), ("int8", onnx.TensorProto.INT8)],
)
def test_every_family_comes_close_to_float32(
    network: NetworkConfig, precision: Precision, weights: int, frames: np.ndarray
) -> None:
    model = model_of(network)
    with torch.no_grad():
        reference = model(torch.from_numpy(frames)).numpy()
    graph = to_onnx(model, SIZE_PX, precision, frames)
    assert weights in element_types(onnx.load_from_string(graph))
    session = InferenceSession(graph, providers=["CPUExecutionProvider"])
    got = np.concatenate([session.run(None, {"frame": frame[None]})[0] for frame in frames])
    psnr_db = compare(got, reference).psnr_db
    assert psnr_db is None or psnr_db >= LEAST_PSNR_DB


def test_weights_can_be_kept_in_half_of_the_room(frames: np.ndarray) -> None:
    model = model_of(FAST)
    with torch.no_grad():
        reference = model(torch.from_numpy(frames)).numpy()
        beyond = next(p for p in model.parameters() if p.numel() >= WORTH_HALVING)
        whole, half = (to_onnx(model, SIZE_PX, half_weights=half) for half in (False, True))
        assert len(half) < 0.75 * len(whole)
        session = InferenceSession(half, providers=["CPUExecutionProvider"])
        got = np.concatenate([session.run(None, {"frame": frame[None]})[0] for frame in frames])
        found = compare(got, reference)
        assert found.max_abs <= FLOAT32.max_abs
        assert found.psnr_db is None or found.psnr_db > 55
        beyond.view(-1)[0] = 1e5
        kept = onnx.load_from_string(to_onnx(model, SIZE_PX, half_weights=True)).graph.initializer
        assert any(onnx.numpy_helper.to_array(w).max() == np.float32(1e5) for w in kept)
    with pytest.raises(ExportError, match="--half-weights is for --precision fp32"):
        ExportConfig(run=Path("run"), out=Path("out"), precision="int8", half_weights=True)


def test_norms_and_the_picture_stay_in_float32(frames: np.ndarray) -> None:
    graph = onnx.load_from_string(to_onnx(model_of(FAST), SIZE_PX, "fp16", frames)).graph
    types = {value.name: value.type.tensor_type.elem_type for value in graph.value_info}
    for node in graph.node:
        if node.op_type in {"InstanceNormalization", "Tanh", "Round"}:
            assert types[node.input[0]] == onnx.TensorProto.FLOAT


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_bytes_are_at_the_edges_only(precision: Precision, frames: np.ndarray) -> None:
    """TensorRT can do nothing with bytes but cast them."""
    graph = onnx.load_from_string(to_onnx(model_of(FAST), SIZE_PX, precision, frames)).graph
    assert [n.op_type for n in graph.node if "frame" in n.input] == ["Cast"]
    assert [n.op_type for n in graph.node if "avatar" in n.output] == ["Cast"]


def test_a_layer_beyond_the_limit_stays_in_float32(frames: np.ndarray) -> None:
    model = model_of(FAST)
    first, *_ = [part for part in model.modules() if isinstance(part, torch.nn.Conv2d)]
    with torch.no_grad():
        first.weight.mul_(1e6)  # the norm after it takes the factor out again
        reference = model(torch.from_numpy(frames)).numpy()
    graph = to_onnx(model, SIZE_PX, "fp16", frames)
    session = InferenceSession(graph, providers=["CPUExecutionProvider"])
    got = np.concatenate([session.run(None, {"frame": frame[None]})[0] for frame in frames])
    assert compare(got, reference).mean_abs < 0.25


def test_where_everything_overflows_there_is_no_graph(frames: np.ndarray) -> None:
    model = model_of(FAST)
    with torch.no_grad():
        for part in model.modules():
            if isinstance(part, torch.nn.Conv2d):
                part.weight.fill_(1e6)
    with pytest.raises(ExportError, match="float16 would overflow in every convolution"):
        to_onnx(model, SIZE_PX, "fp16", frames)


def test_an_opset_that_cannot_be_written_is_refused(frames: np.ndarray) -> None:
    with pytest.raises(ExportError, match=r"--opset 9: .* writes 18 to 23"):
        to_onnx(model_of(FAST), SIZE_PX, opset=9)


@pytest.fixture
def run(fit_config: Callable[..., FitConfig]) -> FitConfig:  # noqa: F811
    config = fit_config(steps=2)
    fit.run(config)
    return config


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_a_bundle_says_its_precision_and_the_parity_of_each_backend(
    run: FitConfig, tmp_path: Path, precision: Precision
) -> None:
    config = ExportConfig(run=run.out, out=tmp_path / "bundle", precision=precision)
    manifest = export_bundle(config, print).manifest
    assert manifest.precision == {"fp16": "float16", "int8": "int8"}[precision]
    assert "onnxruntime" in manifest.parity
    assert manifest.golden.max_abs >= 2 * manifest.parity["onnxruntime"].max_abs


def test_less_than_35_db_is_not_written(
    run: FitConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parity_module, "LEAST_PSNR_DB", 1000.0)
    config = ExportConfig(run=run.out, out=tmp_path / "out" / "bundle", precision="int8")
    with pytest.raises(ExportError, match=r"in int8 differs .* PSNR .* was not written"):
        export_bundle(config)
    assert list((tmp_path / "out").iterdir()) == []


def test_an_engine_needs_tensorrt(run: FitConfig, tmp_path: Path) -> None:
    with pytest.raises(BackendMissing, match="--backend tensorrt: "):
        export_bundle(ExportConfig(run=run.out, out=tmp_path / "bundle", engine="tensorrt"))


def test_a_video_is_seen_through_the_profile(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", (draw_number(i) for i in range(12)))
    frames = read_frames(clip, SIZE_PX, CameraProfile(camera="x"), 5, 1)
    assert frames.shape == (5, SIZE_PX, SIZE_PX, 3)
    with pytest.raises(ExportError, match="99 images are needed, got 5"):
        read_frames(clip, SIZE_PX, CameraProfile(camera="x"), 5, 99)
