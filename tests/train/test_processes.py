"""DDP: two processes, connected by gloo, train what one process trains."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.train import processes
from tests.train.processes import KINDS
from tests.train.test_resume import arguments_of, rows
from tests.train.untrained import write_run
from train import checkpoint, fit
from train.config import FitConfig

Make = Callable[..., FitConfig]
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "WORLD_SIZE"} | {"OMP_NUM_THREADS": "1"}


def launch(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every kind of run, in two processes and in one."""
    out = tmp_path_factory.mktemp("processes")
    launch("tests.train.processes", str(out), "2")
    before = torch.get_default_dtype()
    try:
        processes.main(out, 1)
    finally:
        torch.set_default_dtype(before)
    return out


@pytest.mark.parametrize("kind", [*KINDS, "distill"])
def test_two_processes_train_the_same_weights_as_one(trained: Path, kind: str) -> None:
    """Histories, averages and optimisers included. In float64, where rounding does not hide a
    mistake; Adam divides by the gradient's size, so it makes much of little ones."""
    alone = load_file(trained / f"{kind}-0-of-1.safetensors")
    for rank in range(2):
        together = load_file(trained / f"{kind}-{rank}-of-2.safetensors")
        assert alone.keys() == together.keys()
        for name, tensor in alone.items():
            assert torch.allclose(tensor, together[name], rtol=0, atol=1e-9), (name, rank)


def test_distill_in_two_processes_logs_and_saves_once(fit_config: Make, tmp_path: Path) -> None:
    teacher = write_run(fit_config())
    tiny = f"--width 8 --blocks 2 --batch 2 --steps 3 --out {tmp_path}/student --no-tensorboard"
    messages = launch(
        "train", "distill", "--teacher", str(teacher), *tiny.split(), "--devices", "2"
    )
    assert messages.count("done:") == 1
    assert messages.count("dB to the teacher on 7 v") == 1
    assert checkpoint.load(tmp_path / "student").step == 3


def test_fit_by_torchrun_logs_and_saves_once(fit_config: Make, tmp_path: Path) -> None:
    config = fit_config(batch=4, steps=6, log_every=2)
    torchrun = ("torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "--")
    messages = launch(*torchrun, "train", "fit", *arguments_of(config), "--devices", "2")
    assert messages.count("done:") == 1
    saved = checkpoint.load(config.out)
    assert (saved.step, saved.config.devices) == (6, 2)
    assert len(list((config.out / "checkpoints").iterdir())) == 2

    alone = fit_config(batch=4, steps=6, log_every=2, out=tmp_path / "alone")
    fit.run(alone)
    assert json.loads((alone.out / "log.jsonl").read_text().splitlines()[0])["step"] == 2
    for a, b in zip(rows(alone.out), rows(config.out), strict=True):
        assert a == pytest.approx(b, rel=2e-2)
    assert rows(alone.out)[0] == pytest.approx(rows(config.out)[0], rel=1e-4)
