"""A trained run becomes a bundle that the live side accepts, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from calibration.profile import CameraProfile, View
from export import bundle as export_module
from export import parity as parity_module
from export.__main__ import main
from export.bundle import export_bundle
from export.config import ExportConfig
from export.errors import ExportError
from export.graph import BytesToBytes, giga_macs, to_onnx
from realtime.backends import open_backend
from realtime.bundle import Bundle
from realtime.parity import compare
from tests.train.conftest import fit_config, write_images  # noqa: F401
from train import checkpoint, fit
from train.config import FitConfig, NetworkConfig
from train.errors import BadCheckpoint, TrainError
from train.networks import build_content


@pytest.fixture
def run(fit_config: Callable[..., FitConfig]) -> FitConfig:  # noqa: F811
    config = fit_config(steps=2)
    fit.run(config)
    return config


def test_the_bundle_computes_what_the_averaged_content_network_computes(
    run: FitConfig, tmp_path: Path
) -> None:
    bundle = export_bundle(ExportConfig(run=run.out, out=tmp_path / "bundle"))
    saved = checkpoint.load(run.out)
    content = build_content(saved.config.network)
    content.load_state_dict(saved.under("content_ema"))
    frame = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3), dtype=np.uint8)
    with torch.no_grad():
        expected = BytesToBytes(content)(torch.from_numpy(frame)).numpy()
    backend = open_backend("onnxruntime", bundle)
    assert np.abs(backend.run(frame).astype(int) - expected).max() <= 1
    assert bundle.manifest.parity["onnxruntime"].max_abs <= 1
    assert bundle.manifest.method == "uncooperative"


def test_a_run_of_small_images_becomes_a_bundle_of_large_ones(
    run: FitConfig, tmp_path: Path
) -> None:
    bundle = export_bundle(ExportConfig(run=run.out, out=tmp_path / "bundle", size=64))
    assert bundle.manifest.input.shape == bundle.manifest.output.shape == (1, 64, 64, 3)
    assert (bundle.manifest.network["size"], bundle.manifest.network["seen"]) == (64, 32)
    with pytest.raises(
        TrainError, match="--size 40: the fast network of this run serves multiples of 32"
    ):
        export_bundle(ExportConfig(run=run.out, out=tmp_path / "no", size=40))
    assert not (tmp_path / "no").exists()


def test_the_manifest_tells_of_every_stage_of_training(
    fit_config: Callable[..., FitConfig],  # noqa: F811
    run: FitConfig,
    tmp_path: Path,
) -> None:
    second = fit_config(steps=3, init=run.out, out=tmp_path / "second")
    fit.run(second)
    bundle = export_bundle(ExportConfig(run=second.out, out=tmp_path / "bundle"))
    stages = bundle.manifest.training["stages"]
    assert [(stage["run"], stage["steps"]) for stage in stages] == [("run", 2), ("second", 3)]


@pytest.mark.parametrize(
    "network",
    [
        NetworkConfig(family="paper", size=36, width=4, blocks=2),
        NetworkConfig(family="fast", size=36, width=8, blocks=2),
        NetworkConfig(family="fast", size=36, width=8, blocks=2, norm="instance"),
    ],
)
def test_every_family_becomes_a_graph_of_bytes_with_static_shapes(network: NetworkConfig) -> None:
    graph = onnx.load_from_string(to_onnx(BytesToBytes(build_content(network)), 36)).graph
    for tensor in (*graph.input, *graph.output):
        assert tensor.type.tensor_type.elem_type == onnx.TensorProto.UINT8
        dims = [d.dim_value for d in tensor.type.tensor_type.shape.dim]
        assert dims == [1, 36, 36, 3]
    assert [t.name for t in (*graph.input, *graph.output)] == ["frame", "avatar"]


def test_a_graph_does_not_tell_where_it_was_made() -> None:
    graph = to_onnx(BytesToBytes(build_content(NetworkConfig(size=36, width=8, blocks=2))), 36)
    for path in (Path(export_module.__file__).parent.parent, Path(torch.__file__).parent):
        assert str(path).encode() not in graph
    assert b".py" not in graph


def test_the_papers_content_network_costs_what_the_docs_say() -> None:
    paper, fast = NetworkConfig(family="paper"), NetworkConfig()
    assert giga_macs(build_content(paper), 256) == pytest.approx(25.4, abs=0.1)
    assert giga_macs(build_content(fast), 256) == pytest.approx(1.02, abs=0.01)


def test_the_profile_beside_the_data_travels_with_the_model(run: FitConfig, tmp_path: Path) -> None:
    profile = CameraProfile(camera="mine", view=View(rotation_deg=90))
    profile.save(run.v.parent / "camera.json")
    bundle = export_bundle(ExportConfig(run=run.out, out=tmp_path / "bundle"))
    assert bundle.profile == profile


def test_a_result_that_differs_from_pytorch_is_not_written(
    run: FitConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        parity_module, "compare", lambda got, reference: compare(255 - got, reference)
    )
    with pytest.raises(ExportError, match="was not written"):
        export_bundle(ExportConfig(run=run.out, out=tmp_path / "out" / "bundle"))
    assert list((tmp_path / "out").iterdir()) == []


def test_an_existing_bundle_is_kept_unless_told_otherwise(run: FitConfig, tmp_path: Path) -> None:
    config = ExportConfig(run=run.out, out=tmp_path / "bundle", name="first")
    export_bundle(config)
    with pytest.raises(ExportError, match="--overwrite"):
        export_bundle(config)
    export_bundle(replace(config, name="second", overwrite=True))
    assert Bundle.load(tmp_path / "bundle").manifest.name == "second"


def test_a_run_without_a_checkpoint_is_one_line_and_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BadCheckpoint):
        export_bundle(ExportConfig(run=tmp_path, out=tmp_path / "bundle"))
    with pytest.raises(SystemExit) as ended:
        main([str(tmp_path), "--out", str(tmp_path / "bundle")])
    assert ended.value.code == 1
    message = capsys.readouterr().err
    assert message.startswith("export: ")
    assert message.count("\n") == 1


def test_golden_pairs_need_three_images(run: FitConfig, tmp_path: Path) -> None:
    few = write_images(tmp_path / "few", 2, seed=0)
    with pytest.raises(ExportError, match="3 images are needed, got 2"):
        export_bundle(ExportConfig(run=run.out, out=tmp_path / "bundle", golden=few))


def test_parity_counts_levels() -> None:
    a = np.zeros((1, 2, 2, 3), np.uint8)
    b = a.copy()
    b[0, 0, 0, 0] = 12
    parity = compare(b, a)
    assert (parity.max_abs, parity.mean_abs) == (12, 1)
    assert parity.psnr_db == pytest.approx(10 * np.log10(255**2 / 12))
    assert compare(a, a).psnr_db is None
