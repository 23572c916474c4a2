"""A run from beginning to end, broken off and resumed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from train import checkpoint, fit
from train.config import FitConfig
from train.errors import BadCheckpoint, Diverged, TrainError
from train.networks import NetworkConfig

Make = Callable[..., FitConfig]


@pytest.mark.parametrize("method", ["uncooperative", "cooperative"])
def test_a_run_leaves_checkpoints_and_pictures(fit_config: Make, method: str) -> None:
    config = fit_config(method=method)
    fit.run(config)
    saved = checkpoint.load(config.out)
    assert saved.step == 8
    assert saved.config == config
    assert (config.out / "samples" / "step-0000008.png").exists()
    assert not list((config.out / "checkpoints").glob(".*"))


def test_a_run_that_was_broken_off_ends_with_the_same_bits(
    fit_config: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = fit_config(out=tmp_path / "whole")
    fit.run(whole)

    broken = fit_config(out=tmp_path / "broken")
    steps = iter(range(6))

    def fail_at_the_seventh_step(*_: object) -> None:
        if next(steps, None) is None:
            raise OSError("power cut")

    with monkeypatch.context() as patch:
        real = fit.State.update_ema
        patch.setattr(
            fit.State,
            "update_ema",
            lambda state, decay: (fail_at_the_seventh_step(), real(state, decay)),
        )
        with pytest.raises(OSError, match="power cut"):
            fit.run(broken)
    assert checkpoint.load(broken.out).step == 4
    fit.run(broken)

    expected, got = checkpoint.load(whole.out).tensors, checkpoint.load(broken.out).tensors
    assert expected.keys() == got.keys()
    assert [name for name in expected if not torch.equal(expected[name], got[name])] == []


def test_only_the_newest_checkpoints_are_kept(fit_config: Make) -> None:
    config = fit_config(checkpoint_every=1, keep=3)
    fit.run(config)
    kept = sorted(p.name for p in (config.out / "checkpoints").iterdir())
    assert kept == ["step-0000006", "step-0000007", "step-0000008"]


def test_a_checkpoint_of_another_network_is_refused(fit_config: Make) -> None:
    fit.run(fit_config(steps=1))
    other = fit_config(network=NetworkConfig(size=32, width=12, blocks=2, adversary_width=8))
    with pytest.raises(BadCheckpoint, match="another network"):
        fit.run(other)


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


def test_a_damaged_checkpoint_says_so(fit_config: Make) -> None:
    config = fit_config(steps=1)
    fit.run(config)
    path = checkpoint.newest(config.out)
    assert path is not None
    tensors = path / checkpoint.TENSORS
    tensors.write_bytes(tensors.read_bytes()[:1000])
    with pytest.raises(BadCheckpoint, match="is damaged"):
        checkpoint.load(config.out)


def test_a_folder_without_a_checkpoint_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint, match="holds no checkpoint"):
        checkpoint.load(tmp_path)


def test_a_loss_that_is_not_finite_ends_the_run(
    fit_config: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit, "LOG_EVERY", 2)
    with pytest.raises(Diverged, match="not finite"):
        fit.run(fit_config(lr=1e30))


def test_the_log_has_a_row_of_losses_for_each_stretch(
    fit_config: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit, "LOG_EVERY", 4)
    config = fit_config()
    fit.run(config)
    rows = [json.loads(line) for line in (config.out / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [4, 8]
    assert {"l_v", "l_c", "l_r", "gan_c", "gan_v", "adversary_c", "adversary_v"} <= rows[0].keys()


def test_learning_rates_hold_and_then_fall_to_zero(fit_config: Make) -> None:
    config = fit_config(steps=100, decay=0.4)
    factors = [config.lr_factor(step) for step in (0, 60, 80, 99)]
    assert factors == pytest.approx([1, 1, 0.5, 0.025])


@pytest.mark.parametrize("field", ["steps", "batch", "threads", "keep"])
def test_a_count_of_zero_is_refused(fit_config: Make, field: str) -> None:
    with pytest.raises(TrainError, match=f"{field} must be at least 1, got 0"):
        fit_config(**{field: 0})
