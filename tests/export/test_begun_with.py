"""A bundle is what another training may begin with, where the run that it was made of is gone."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from export.bundle import export_bundle
from export.config import ExportConfig
from export.precision import WORTH_HALVING
from tests.train.conftest import fit_config  # noqa: F401
from tests.train.untrained import write_run
from train import bundled, checkpoint, fit
from train.config import FitConfig, NetworkConfig
from train.distill.command import run as distil
from train.distill.config import DistillArguments, StudentNetwork
from train.errors import BadCheckpoint
from train.state import State

Make = Callable[..., FitConfig]
D_C = "networks.disentangler.content"
CREDIT = "Face: somebody"


def write_learnt(config: FitConfig, step: int) -> Path:
    """A run whose averaged D_C differs from the one that learns, and no tensor from all others: of
    those that are alike, as zeros are at first, a graph keeps one."""
    state = State(config)
    state.step = step
    with torch.no_grad():
        for parameter in state.content_ema.parameters():
            parameter.add_(0.01 * torch.randn_like(parameter))
    checkpoint.save(state, config, {})
    return config.out


@pytest.fixture
def first(fit_config: Make, tmp_path: Path) -> FitConfig:  # noqa: F811
    config = fit_config(out=tmp_path / "first", method="restoration")
    write_learnt(config, step=5)
    return config


@pytest.fixture
def bundle(first: FitConfig, tmp_path: Path) -> Path:
    out = tmp_path / "bundle"
    export_bundle(ExportConfig(run=first.out, out=out, credit=(CREDIT,)))
    return out


def second_of(first: FitConfig, bundle: Path, **changes: object) -> FitConfig:
    """Begun with the bundle; it learns nothing in its one step."""
    out = bundle.with_name("second")
    return replace(first, out=out, init=bundle, steps=1, lr=0.0, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("method", ["restoration", "uncooperative"])
def test_d_c_begins_as_the_bundles(first: FitConfig, bundle: Path, method: str) -> None:
    second = second_of(first, bundle, method=method)
    fit.run(second)
    average = checkpoint.load(first.out).under("content_ema")
    begun = checkpoint.load(second.out)
    for part in (D_C, "content_ema"):
        weights = begun.under(part)
        assert weights.keys() == average.keys()
        assert all(torch.equal(weights[name], t) for name, t in average.items())


def test_half_weights_are_as_exact_as_they_are_kept(
    fit_config: Make,  # noqa: F811
    tmp_path: Path,
) -> None:
    config = fit_config(out=tmp_path / "first", method="restoration")
    write_learnt(config, step=5)
    out = tmp_path / "bundle"
    export_bundle(ExportConfig(run=config.out, out=out, half_weights=True))
    average = checkpoint.load(config.out).under("content_ema")
    held = bundled.load(out).content
    large = {name for name, t in average.items() if t.numel() >= WORTH_HALVING}
    assert large
    for name, weight in average.items():
        kept = weight.half().float() if name in large else weight
        assert torch.equal(held[name], kept)


def test_its_stages_and_its_credits_go_on(first: FitConfig, bundle: Path, tmp_path: Path) -> None:
    second = second_of(first, bundle)
    fit.run(second)
    third = replace(second, out=tmp_path / "third", init=second.out)
    fit.run(third)
    made = export_bundle(ExportConfig(run=third.out, out=tmp_path / "next")).manifest
    stages = made.training["stages"]
    assert isinstance(stages, list)
    assert [stage["run"] for stage in stages] == ["first", "second", "third"]  # type: ignore[index, call-overload]
    assert CREDIT in made.credits


def test_what_it_does_on_a_larger_copy_may_be_left_out(
    first: FitConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = replace(first.network, size=64, seen=32, refined=64, adversary_layers=2)
    large = replace(first, out=tmp_path / "large", network=network)
    write_learnt(large, step=5)
    bundle = tmp_path / "bundle"
    export_bundle(ExportConfig(run=large.out, out=bundle))
    second = second_of(first, bundle)
    fit.run(second)
    assert "the larger copy" in capsys.readouterr().err
    average = checkpoint.load(large.out).under("content_ema")
    begun = checkpoint.load(second.out).under(D_C)
    assert begun.keys() < average.keys()
    assert all(torch.equal(average[name], t) for name, t in begun.items())


def test_a_student_may_begin_with_it(first: FitConfig, bundle: Path, tmp_path: Path) -> None:
    teacher = replace(first, out=tmp_path / "teacher", method="cooperative")
    asked = DistillArguments(
        teacher=write_run(teacher),
        out=tmp_path / "student",
        network=StudentNetwork(width=8, blocks=2),
        init=bundle,
        steps=1,
        batch=1,
        lr=0.0,
        tensorboard=False,
    )
    distil(asked)
    average = checkpoint.load(first.out).under("content_ema")
    begun = checkpoint.load(asked.out).under("networks.content")
    assert all(torch.equal(begun[name], t) for name, t in average.items())


def test_one_of_another_network_is_refused(first: FitConfig, bundle: Path) -> None:
    other = NetworkConfig(size=32, width=12, blocks=2, adversary_width=8)
    with pytest.raises(BadCheckpoint, match=r"--init .*bundle .*another network \(width 8 -> 12\)"):
        fit.run(second_of(first, bundle, network=other))


def test_int8_is_refused(first: FitConfig, tmp_path: Path) -> None:
    out = tmp_path / "bundle"
    export_bundle(ExportConfig(run=first.out, out=out, precision="int8"))
    with pytest.raises(BadCheckpoint, match="8 bits: give a bundle of float32"):
        fit.run(second_of(first, out))


def test_what_is_damaged_is_named(first: FitConfig, bundle: Path, tmp_path: Path) -> None:
    def refused(why: str) -> None:
        with pytest.raises(BadCheckpoint, match=why) as error:
            fit.run(second_of(first, bundle))
        assert "\n" not in str(error.value)

    manifest, model = bundle / "manifest.json", bundle / "model.onnx"
    whole = json.loads(manifest.read_text())

    def tell(told: object) -> None:
        manifest.write_text(json.dumps(told))

    tell([1])
    refused("is no manifest of a bundle")
    manifest.write_text("{")
    refused("cannot be read")
    tell({**whole, "network": {"family": "fast"}})
    refused("lacks 'size'")
    tell({**whole, "network": None})
    refused("is damaged")
    tell({**whole, "network": {**whole["network"], "size": 7}})
    refused("is damaged: size must be")
    tell(whole)
    shutil.copy(model, tmp_path / "kept")
    model.write_bytes(b"garbage")
    refused("is not the one that its manifest.json names")
    files = {**whole["files"], "model.onnx": hashlib.sha256(b"garbage").hexdigest()}
    tell({**whole, "files": files})
    refused("model.onnx cannot be read")
    model.unlink()
    refused("is damaged")
