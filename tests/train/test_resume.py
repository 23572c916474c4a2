"""A run that is killed, at any moment, ends with the same bits as one that was not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from train import checkpoint, fit
from train.config import FitConfig
from train.loop import Loop

Make = Callable[..., FitConfig]
PLATEAU = {
    "schedule": "plateau",
    "patience": 4,
    "decay": 0.5,
    "steps": 24,
    "log_every": 3,
    "lr": 1e-5,
}
TIMINGS = ("step_s", "data_share")


def rows(run: Path) -> list[dict[str, float]]:
    """The log without what the clock says."""
    found = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [{k: v for k, v in row.items() if k not in TIMINGS} for row in found]


def assert_same_end(whole: Path, broken: Path) -> None:
    expected, got = checkpoint.load(whole), checkpoint.load(broken)
    assert expected.step == got.step
    assert expected.tensors.keys() == got.tensors.keys()
    differ = [k for k, t in expected.tensors.items() if not torch.equal(t, got.tensors[k])]
    assert differ == []
    for name in ("schedule", "window", "scaler"):
        assert expected.progress[name] == got.progress[name]
    assert rows(whole) == rows(broken)


@pytest.mark.parametrize("method", ["uncooperative", "cyclegan", "restoration"])
def test_a_run_that_broke_off_ends_with_the_same_bits(
    fit_config: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """Twice: in the middle of a row of the log, before and after a plateau made the rates fall."""
    whole = fit_config(out=tmp_path / "whole", method=method, **PLATEAU)
    fit.run(whole)
    assert checkpoint.load(whole.out).step < 24, "the plateau was found"

    broken = fit_config(out=tmp_path / "broken", method=method, **PLATEAU)
    step, left = Loop._step, [11, 7, 100]

    def break_off(loop: Loop) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise InterruptedError("power cut")
        step(loop)

    monkeypatch.setattr(Loop, "_step", break_off)
    for _ in range(2):
        with pytest.raises(InterruptedError, match="power cut"):
            fit.run(broken)
        left.pop(0)
    fit.run(broken)
    assert_same_end(whole.out, broken.out)


def arguments_of(config: FitConfig) -> list[str]:
    """The command line of a config of the fixture."""
    fields = ("v", "c", "out", "steps", "batch", "history", "checkpoint_every", "log_every")
    given = {name: getattr(config, name) for name in (*fields, "sample_every", "report_every_s")}
    network = {"size": 32, "width": 8, "blocks": 2, "adversary_width": 8}
    flags = (given | network).items()
    pairs = [(f"--{name.replace('_', '-')}", str(value)) for name, value in flags]
    return ["--no-tensorboard", *(text for pair in pairs for text in pair)]


def start(config: FitConfig) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "train", "fit", *arguments_of(config)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def wait_for(happened: Callable[[], object], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not happened():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_kill_9_at_any_step_loses_nothing(fit_config: Make, tmp_path: Path) -> None:
    broken = fit_config(out=tmp_path / "broken", steps=60, checkpoint_every=7, log_every=5)
    process = start(broken)
    try:
        # After the first checkpoint, at whatever the process is just doing.
        wait_for(lambda: checkpoint.newest(broken.out), process)
    finally:
        process.kill()
        process.communicate()
    saved = checkpoint.newest(broken.out)
    assert saved is not None
    assert process.returncode == -signal.SIGKILL, "it was still training"
    fit.run(broken)

    whole = fit_config(out=tmp_path / "whole", steps=60, checkpoint_every=7, log_every=5)
    fit.run(whole)
    assert_same_end(whole.out, broken.out)


def test_asked_to_stop_a_run_finishes_its_step_and_saves(fit_config: Make, tmp_path: Path) -> None:
    config = fit_config(out=tmp_path / "run", steps=10**6, checkpoint_every=10**6, log_every=2)
    process = start(config)
    try:
        log = config.out / "log.jsonl"
        wait_for(lambda: log.exists() and log.read_text(), process)
        os.kill(process.pid, signal.SIGTERM)
        _, errors = process.communicate(timeout=120)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 128 + signal.SIGTERM
    saved = checkpoint.load(config.out)
    assert saved.step >= 2
    assert f"stopped: {saved.path}" in errors.replace("\n", "")
    assert "stopped; the same command goes on" in (config.out / "report.html").read_text()
