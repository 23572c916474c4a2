"""Checkpoints: whole or not there at all, and never lost."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from train import checkpoint, fit
from train.config import FitConfig
from train.errors import BadCheckpoint, NotSaved
from train.state import State

Make = Callable[..., FitConfig]


def test_only_the_newest_checkpoints_are_kept(fit_config: Make) -> None:
    config = fit_config(steps=4, checkpoint_every=1, keep=2)
    fit.run(config)
    kept = sorted(p.name for p in (config.out / "checkpoints").iterdir())
    assert kept == ["step-0000003", "step-0000004"]


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


@contextmanager
def disk_that_takes(bytes_a_file: int) -> Iterator[None]:
    """Longer files break off, as on a full disk: the kernel refuses to write on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_a_file, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_is_full_while_saving_loses_no_checkpoint(fit_config: Make) -> None:
    config = fit_config(steps=4, checkpoint_every=2, keep=1)
    fit.run(config)
    before = checkpoint.load(config.out)
    longer = fit_config(steps=6, checkpoint_every=2, keep=1)
    with disk_that_takes(50_000), pytest.raises(NotSaved, match="safe up to step-0000004") as error:
        fit.run(longer)
    assert "step 6 could not be saved" in str(error.value)
    assert "\n" not in str(error.value)
    after = checkpoint.load(config.out)
    assert after.step == 4
    assert all(torch.equal(t, after.tensors[name]) for name, t in before.tensors.items())
    assert [p.name for p in (config.out / "checkpoints").iterdir()] == ["step-0000004"]
    fit.run(longer)
    assert checkpoint.load(config.out).step == 6


def test_what_a_kill_while_saving_left_is_no_checkpoint_and_goes(fit_config: Make) -> None:
    config = fit_config(steps=1)
    for name in (".step-0000001.unfinished", ".step-0000000.old"):
        left = config.out / "checkpoints" / name
        left.mkdir(parents=True)
        (left / checkpoint.META).write_text("{")
    assert checkpoint.newest(config.out) is None
    fit.run(config)
    assert [p.name for p in (config.out / "checkpoints").iterdir()] == ["step-0000001"]


def save_as_format_1(config: FitConfig) -> Path:
    """What the version before wrote: fewer fields, fewer things to go on from."""
    place = checkpoint.save(State(config), config, {"seconds": 12.5})
    meta = json.loads((place / checkpoint.META).read_text())
    fields = (
        *("method", "steps", "batch", "lr", "adversary_lr", "decay", "history", "ema", "seed"),
        *("v", "c", "out", "network", "weights", "threads", "init", "checkpoint_every", "keep"),
        "sample_every",
    )
    meta["config"] = {name: meta["config"][name] for name in fields}
    del meta["config"]["network"]["residual"], meta["config"]["weights"]["identity"]
    (place / checkpoint.META).write_text(json.dumps(meta | {"format": 1}))
    return place


def test_a_checkpoint_of_the_format_before_is_read_and_goes_on(fit_config: Make) -> None:
    config = fit_config(log_every=20, tensorboard=True, sample_every=500, report_every_s=60.0)
    save_as_format_1(config)
    saved = checkpoint.load(config.out)
    assert asdict(saved.config) == asdict(config), "what it lacks has the defaults"
    fit.run(fit_config(steps=2))
    assert checkpoint.load(config.out).step == 2


@pytest.mark.parametrize("part", [(), ("network",), ("weights",)])
def test_a_field_of_a_newer_version_is_not_ignored(fit_config: Make, part: tuple[str, ...]) -> None:
    config = fit_config()
    place = checkpoint.save(State(config), config, {})
    meta = json.loads((place / checkpoint.META).read_text())
    fields = meta["config"]
    for name in part:
        fields = fields[name]
    fields["attention"] = True
    (place / checkpoint.META).write_text(json.dumps(meta))
    with pytest.raises(BadCheckpoint, match="says attention, which this version does not know"):
        checkpoint.load(config.out)


def test_a_newer_format_says_so(fit_config: Make) -> None:
    config = fit_config()
    place = checkpoint.save(State(config), config, {})
    meta = json.loads((place / checkpoint.META).read_text())
    (place / checkpoint.META).write_text(json.dumps(meta | {"format": 9}))
    with pytest.raises(BadCheckpoint, match="format 9; this version reads formats 1 to 2"):
        checkpoint.load(config.out)
