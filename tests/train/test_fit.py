"""A run from beginning to end."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import pytest
import torch

from train import checkpoint, fit
from train.config import FitArguments, FitConfig, NetworkConfig
from train.errors import BadCheckpoint, BadData, Diverged, TrainError
from train.runs import load_runs
from train.step import METHODS

Make = Callable[..., FitConfig]


@pytest.mark.parametrize("method", METHODS)
def test_a_run_leaves_checkpoints_and_pictures(fit_config: Make, method: str) -> None:
    config = fit_config(method=method)  # samples are asked for more rarely than the run is long
    fit.run(config)
    saved = checkpoint.load(config.out)
    assert saved.step == 8
    assert saved.config == config
    assert (config.out / "samples" / "step-0000008.png").exists()
    assert not list((config.out / "checkpoints").glob(".*"))


def test_a_checkpoint_of_another_network_is_refused(fit_config: Make, tmp_path: Path) -> None:
    fit.run(fit_config(steps=1))
    other = fit_config(network=NetworkConfig(size=32, width=12, blocks=2, adversary_width=8))
    with pytest.raises(BadCheckpoint, match=r"of another network \(width 8 -> 12\)") as error:
        fit.run(other)
    assert "\n" not in str(error.value)
    with pytest.raises(BadCheckpoint, match=r"--init .* another network \(width 8 -> 12\)"):
        fit.run(replace(other, out=tmp_path / "second", init=other.out))
    with pytest.raises(BadCheckpoint, match="with --method uncooperative, not cyclegan"):
        fit.run(fit_config(method="cyclegan"))


def test_a_second_stage_starts_from_the_first_ones_networks(
    fit_config: Make, tmp_path: Path
) -> None:
    first = fit_config(out=tmp_path / "first", steps=2)
    fit.run(first)
    second = fit_config(out=tmp_path / "second", init=tmp_path / "first", steps=1, lr=0.0)
    fit.run(second)
    a, b = checkpoint.load(first.out), checkpoint.load(second.out)
    assert all(
        torch.equal(t, b.under("networks.disentangler")[k])
        for k, t in a.under("networks.disentangler").items()
    )


def test_a_second_stage_may_refine_what_the_first_one_learnt(
    fit_config: Make, tmp_path: Path
) -> None:
    first = fit_config(out=tmp_path / "first", steps=2)
    fit.run(first)
    network = replace(first.network, size=64, seen=32, refined=64, adversary_layers=2)
    out = tmp_path / "second"
    second = fit_config(out=out, init=first.out, network=network, steps=1, coarse_lr=0.0)
    fit.run(second)
    part = "networks.disentangler"
    a, b = (checkpoint.load(config.out).under(part) for config in (first, second))
    assert all(torch.equal(t, b[name]) for name, t in a.items())
    assert {name.split(".")[1] for name in b.keys() - a.keys()} == {"closer", "refinement"}
    assert b["content.refinement.to_change.bias"].any(), "it has learnt, and began at zero"
    back = replace(first, out=tmp_path / "third", init=second.out, method="restoration")
    fit.run(replace(back, steps=1, lr=0.0))
    c = checkpoint.load(back.out).under(f"{part}.content")
    assert all(torch.equal(t, b[f"content.{name}"]) for name, t in c.items())


def test_a_second_stage_may_have_more_blocks(fit_config: Make, tmp_path: Path) -> None:
    first = fit_config(out=tmp_path / "first", steps=2, method="restoration")
    fit.run(first)
    network = replace(first.network, blocks=first.network.blocks + 2)
    second = replace(first, out=tmp_path / "second", init=first.out, network=network)
    fit.run(replace(second, steps=1, lr=0.0))
    part = "networks.disentangler.content"
    a, b = (checkpoint.load(config.out).under(part) for config in (first, second))
    assert all(torch.equal(t, b[name]) for name, t in a.items())
    assert {name.split(".")[1] for name in b.keys() - a.keys()} == {
        *("down_quarter", "middle", "at_quarter"),
    }
    with pytest.raises(BadCheckpoint, match=r"--init .* another network \(blocks"):
        fit.run(replace(first, out=tmp_path / "third", init=second.out))


def test_a_second_stage_may_have_wider_blocks_and_begins_with_what_the_first_one_knew(
    fit_config: Make, tmp_path: Path
) -> None:
    first = fit_config(out=tmp_path / "first", steps=2, method="restoration")
    fit.run(first)
    network = replace(first.network, expansion=3)
    second = replace(first, out=tmp_path / "second", init=first.out, network=network)
    fit.run(replace(second, steps=1, lr=0.0))
    a, b = (load_runs([r.out], averaged=False)[0].content for r in (first, second))
    assert (
        b.hourglass.middle[0].last.weight.shape[1] == 3 * a.hourglass.middle[0].last.weight.shape[1]
    )
    v = torch.rand(2, 3, first.network.size, first.network.size) * 2 - 1
    assert torch.allclose(a(v), b(v), atol=1e-5)
    with pytest.raises(BadCheckpoint, match=r"--init .* another network \(expansion"):
        fit.run(replace(first, out=tmp_path / "third", init=second.out))


def test_practice_asks_d_c_alone_to_fit(fit_config: Make, tmp_path: Path) -> None:
    first = fit_config(out=tmp_path / "first", steps=1, method="restoration")
    fit.run(first)
    of_d_c = {"size": 64, "seen": 32, "refined": 64, "content_width": first.network.width}
    network = replace(first.network, **of_d_c, width=12, adversary_layers=3)
    second = fit_config(
        out=tmp_path / "second",
        init=first.out,
        network=network,
        steps=1,
        coarse_lr=0.0,
        method="restoration",
    )
    fit.run(second)
    part = "networks.disentangler.content"
    a, b = (checkpoint.load(config.out).under(part) for config in (first, second))
    assert all(torch.equal(t, b[name]) for name, t in a.items())


def test_normals_go_with_the_renders_of_their_names(fit_config: Make, tmp_path: Path) -> None:
    config = fit_config(method="restoration", steps=2)
    normals = tmp_path / "normals"
    shutil.copytree(config.c, normals)
    fit.run(replace(config, normals=normals))
    assert checkpoint.load(config.out).config.normals == normals
    next(normals.iterdir()).unlink()
    out = tmp_path / "second"
    with pytest.raises(BadData, match=r"needs its normal pass, under its own name; 1 have no"):
        fit.run(replace(config, normals=normals, out=out))
    with pytest.raises(BadData, match=r"elsewhere does not exist: .*--normals goes with C"):
        fit.run(replace(config, normals=tmp_path / "elsewhere", out=out))
    assert not (out / "cache").exists(), "told before anything is decoded"
    with pytest.raises(TrainError, match="--normals is for practice"):
        replace(config, normals=normals, method="uncooperative")


def test_a_data_set_brings_its_normals_along(fit_config: Make, tmp_path: Path) -> None:
    config = fit_config(method="restoration", steps=1)
    data = tmp_path / "data"
    for name, folder in (("v", config.v), ("c", config.c), ("normals", config.c)):
        shutil.copytree(folder, data / name)
    options = {f.name: getattr(config, f.name) for f in fields(config) if f.name not in ("v", "c")}
    fit.run(FitArguments(data=data, **options))
    assert checkpoint.load(config.out).config.normals == data / "normals"
    cycles = options | {"method": "uncooperative", "out": tmp_path / "cycles"}
    fit.run(FitArguments(data=data, **cycles))
    assert checkpoint.load(tmp_path / "cycles").config.normals is None


def test_a_loss_that_is_not_finite_ends_the_run_and_stands_in_the_report(fit_config: Make) -> None:
    config = fit_config(lr=1e30, log_every=2)
    with pytest.raises(Diverged, match="step 2: not a finite number: l_"):
        fit.run(config)
    assert "not a finite number" in (config.out / "report.html").read_text()


def test_weights_that_are_not_finite_are_never_saved(fit_config: Make) -> None:
    config = fit_config(lr=1e30, log_every=100, checkpoint_every=1)
    with pytest.raises(Diverged, match="step 1: weights are not finite"):
        fit.run(config)
    assert checkpoint.newest(config.out) is None


def test_the_log_has_a_row_of_losses_for_each_stretch(fit_config: Make) -> None:
    config = fit_config()
    fit.run(config)
    rows = [json.loads(line) for line in (config.out / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [4, 8]
    losses = {"l_v", "l_c", "l_r", "r_size", "gan_c", "gan_v", "adversary_c", "adversary_v"}
    assert rows[0].keys() == losses | {"step", "step_s", "data_share", "lr"}


@pytest.mark.parametrize("field", ["steps", "batch", "threads", "keep"])
def test_a_count_of_zero_is_refused(fit_config: Make, field: str) -> None:
    with pytest.raises(TrainError, match=f"{field} must be at least 1, got 0"):
        fit_config(**{field: 0})


def test_a_run_goes_on_with_the_optimiser_that_it_began_with(fit_config: Make) -> None:
    fit.run(fit_config(method="restoration", steps=1, optimizer="adam"))
    with pytest.raises(BadCheckpoint, match="was trained with --optimizer adam: give that to go"):
        fit.run(fit_config(method="restoration", steps=2))
    fit.run(fit_config(method="restoration", steps=2, optimizer="adam"))
    assert checkpoint.load(fit_config().out).step == 2
