"""A student becomes a bundle that says whose student it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from export.bundle import export_bundle
from export.config import ExportConfig
from export.graph import BytesToBytes
from realtime.backends import open_backend
from tests.train.conftest import fit_config, write_images  # noqa: F401
from tests.train.untrained import write_run
from train import checkpoint
from train.config import FitConfig
from train.distill.command import run as distil
from train.distill.config import DistillArguments, StudentNetwork
from train.networks import build_content

Make = Callable[..., FitConfig]


@pytest.fixture
def student(fit_config: Make, tmp_path: Path) -> Path:  # noqa: F811
    """Of a teacher whose own images have a credit line; it saw others."""
    about = {"description": "simulated, 7 v", "credits": ["Face: somebody"]}
    (tmp_path / "simulation.json").write_text(json.dumps(about))
    teacher = write_run(fit_config(out=tmp_path / "teacher", method="cooperative"), step=5)
    asked = DistillArguments(
        teacher=teacher,
        out=tmp_path / "student",
        v=write_images(tmp_path / "own" / "v", 5, seed=7),
        network=StudentNetwork(width=4, blocks=2),
        steps=2,
        batch=1,
        tensorboard=False,
    )
    distil(asked)
    return asked.out


def test_its_bundle_computes_what_its_averaged_network_computes(
    student: Path, tmp_path: Path
) -> None:
    bundle = export_bundle(ExportConfig(run=student, out=tmp_path / "bundle"))
    saved = checkpoint.load(student)
    content = build_content(saved.config.network)
    content.load_state_dict(saved.under("content_ema"))
    frame = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3), dtype=np.uint8)
    with torch.no_grad():
        expected = BytesToBytes(content)(torch.from_numpy(frame)).numpy()
    backend = open_backend("onnxruntime", bundle)
    assert np.abs(backend.run(frame).astype(int) - expected).max() <= 1


def test_its_manifest_tells_of_its_teacher(student: Path, tmp_path: Path) -> None:
    manifest = export_bundle(ExportConfig(run=student, out=tmp_path / "bundle")).manifest
    assert manifest.method == "distilled"
    assert manifest.training["teacher"] == {
        "run": "teacher",
        "step": 5,
        "method": "cooperative",
        "family": "fast",
        "size": 32,
    }
    first, last = manifest.training["stages"]
    assert (first["run"], first["method"], first["steps"]) == ("teacher", "cooperative", 5)
    assert (last["run"], last["method"], last["steps"]) == ("student", "distilled", 2)
    assert last["teacher"] == {"run": "teacher", "step": 5}
    assert manifest.network["parameters"] == sum(
        t.numel() for t in checkpoint.load(student).under("content_ema").values()
    )


def test_whose_works_the_teacher_learnt_from_is_told_of_the_student(
    student: Path, tmp_path: Path
) -> None:
    """What it paints comes from there, whatever it was shown."""
    config = ExportConfig(run=student, out=tmp_path / "bundle", credit=("Camera: me",))
    manifest = export_bundle(config).manifest
    assert manifest.credits == ("Face: somebody", "Camera: me")
    assert manifest.training["data"] == "a user's own images; simulated, 7 v"


def test_it_becomes_a_bundle_of_larger_pictures_as_any_fast_run(
    student: Path, tmp_path: Path
) -> None:
    bundle = export_bundle(ExportConfig(run=student, out=tmp_path / "bundle", size=64))
    assert bundle.manifest.input.size_px == (64, 64)
    assert bundle.manifest.method == "distilled"
