"""Runs as the experiments load them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.train.conftest import SIZE
from tests.train.untrained import write_run
from train import checkpoint
from train.config import FitConfig, NetworkConfig
from train.data import to_float, to_uint8
from train.distill.command import run as distil
from train.distill.config import DistillArguments, StudentNetwork
from train.errors import BadCheckpoint, BadData
from train.networks import build_content
from train.runs import load_runs

Make = Callable[..., FitConfig]


def test_a_run_translates_with_the_averaged_content_network(fit_config: Make) -> None:
    config = fit_config()
    write_run(config, step=2)
    saved = checkpoint.load(config.out)
    content = build_content(saved.config.network)
    content.load_state_dict(saved.under("content_ema"))
    v = np.random.default_rng(0).integers(0, 256, (9, SIZE, SIZE, 3), np.uint8)

    (run,) = load_runs([config.out])
    assert (run.name, run.step, run.size, run.method) == ("run", 2, SIZE, "uncooperative")
    assert not any(p.requires_grad for p in run.entangler.parameters())
    with torch.no_grad():
        np.testing.assert_allclose(run.translate(v), to_uint8(content(to_float(v))), atol=1)

    (live,) = load_runs([config.out], averaged=False)
    expected = saved.under("networks.disentangler.content")
    assert all(torch.equal(t, expected[name]) for name, t in live.content.state_dict().items())


def test_a_student_translates_and_says_that_it_has_no_e(fit_config: Make, tmp_path: Path) -> None:
    write_run(fit_config())
    asked = DistillArguments(
        teacher=tmp_path / "run",
        out=tmp_path / "student",
        network=StudentNetwork(width=12, blocks=2),
        steps=1,
        tensorboard=False,
    )
    distil(asked)
    saved = checkpoint.load(asked.out)
    (student,) = load_runs([asked.out])
    assert (student.method, student.step, student.size) == ("distilled", 1, SIZE)
    expected = saved.under("content_ema")
    assert all(torch.equal(t, expected[name]) for name, t in student.content.state_dict().items())
    (live,) = load_runs([asked.out], averaged=False)
    expected = saved.under("networks.content")
    assert all(torch.equal(t, expected[name]) for name, t in live.content.state_dict().items())

    v = np.random.default_rng(0).integers(0, 256, (3, SIZE, SIZE, 3), np.uint8)
    assert student.translate(v).shape == v.shape
    assert student.residual(to_float(v)) == []
    with pytest.raises(BadCheckpoint, match=r"learnt alone here \(distilled\), .* nor D_R"):
        _ = student.entangler


def test_runs_of_one_name_are_told_apart_by_their_parents(fit_config: Make, tmp_path: Path) -> None:
    paths = [tmp_path / "a" / "run", tmp_path / "b" / "run"]
    for path in paths:
        write_run(fit_config(out=path))
    assert [run.name for run in load_runs(paths)] == ["a/run", "b/run"]
    with pytest.raises(BadData, match="given twice"):
        load_runs([paths[0], paths[0]])


def test_runs_of_two_sizes_cannot_be_compared(fit_config: Make, tmp_path: Path) -> None:
    write_run(fit_config())
    larger = NetworkConfig(size=36, width=8, blocks=2, adversary_width=8)
    write_run(fit_config(network=larger, out=tmp_path / "larger"))
    with pytest.raises(BadData, match=r"sizes \[32, 36\]"):
        load_runs([tmp_path / "run", tmp_path / "larger"])


def test_a_folder_without_a_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint, match="holds no checkpoint"):
        load_runs([tmp_path])


def test_a_run_of_practice_alone_has_no_e(fit_config: Make) -> None:
    config = fit_config(method="restoration")
    write_run(config)
    (run,) = load_runs([config.out])
    v = np.random.default_rng(0).integers(0, 256, (3, SIZE, SIZE, 3), np.uint8)
    assert run.translate(v).shape == v.shape
    assert run.residual(to_float(v)) == []
    with pytest.raises(BadCheckpoint, match=r"learnt alone here \(restoration\), .* nor D_R"):
        _ = run.entangler
