"""A student that is killed, at any moment, ends with the same bits as one that was not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.train.distill.conftest import JUDGED, Ask
from tests.train.test_resume import PLATEAU, assert_same_end, wait_for
from train import checkpoint
from train.distill.command import run
from train.distill.config import DistillArguments
from train.distill.kept import PICTURES
from train.loop import Loop


@pytest.mark.parametrize(
    "fields", [{}, {"keep_pictures": False, "weights": JUDGED}, {"jitter_px": 4}]
)
def test_a_student_that_broke_off_ends_with_the_same_bits(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fields: dict[str, object]
) -> None:
    whole = ask(out=tmp_path / "whole", **PLATEAU, **fields)
    run(whole)
    assert checkpoint.load(whole.out).step < 24, "the plateau was found"

    broken = ask(out=tmp_path / "broken", **PLATEAU, **fields)
    step, left = Loop._step, [11, 7, 100]

    def break_off(loop: Loop) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise InterruptedError("power cut")
        step(loop)

    monkeypatch.setattr(Loop, "_step", break_off)
    for _ in range(2):
        with pytest.raises(InterruptedError, match="power cut"):
            run(broken)
        left.pop(0)
    run(broken)
    assert_same_end(whole.out, broken.out)


def start(asked: DistillArguments) -> subprocess.Popen[str]:
    names = ("teacher", "out", "steps", "batch", "history", "checkpoint_every", "log_every")
    given = {name: getattr(asked, name) for name in names} | {"sample_every": 10**6}
    network = {"width": 8, "blocks": 2, "adversary_width": 8}
    flags = [(f"--{k.replace('_', '-')}", str(v)) for k, v in (given | network).items()]
    command = [sys.executable, "-m", "train", "distill", "--no-tensorboard"]
    return subprocess.Popen(
        [*command, *(text for pair in flags for text in pair)], stderr=subprocess.PIPE, text=True
    )


def stopped_by(
    number: signal.Signals, asked: DistillArguments, ready: Callable[[], object]
) -> tuple[int, str]:
    """Exit code and messages of a run that gets a signal once it is `ready`."""
    process = start(asked)
    try:
        wait_for(ready, process)
        os.kill(process.pid, number)
        _, errors = process.communicate(timeout=120)
    finally:
        process.kill()
        process.communicate()
    return process.returncode, errors


def test_kill_9_loses_nothing_and_spoils_no_picture(ask: Ask, tmp_path: Path) -> None:
    broken = ask(out=tmp_path / "broken", steps=200, checkpoint_every=7, log_every=5)
    code, _ = stopped_by(signal.SIGKILL, broken, lambda: checkpoint.newest(broken.out))
    assert code == -signal.SIGKILL, "it was still training"
    assert list(broken.out.glob(f"cache/teacher-*/{PICTURES}")), "and had begun to keep pictures"
    run(broken)
    whole = replace(broken, out=tmp_path / "whole")
    run(whole)
    assert_same_end(whole.out, broken.out)


def test_asked_to_stop_it_finishes_its_step_and_saves(ask: Ask) -> None:
    asked = ask(steps=10**6, checkpoint_every=10**6, log_every=2)
    log = asked.out / "log.jsonl"
    code, errors = stopped_by(signal.SIGINT, asked, lambda: log.exists() and log.read_text())
    assert code == 128 + signal.SIGINT
    saved = checkpoint.load(asked.out)
    assert saved.step >= 2
    assert f"stopped: {saved.path}" in errors.replace("\n", "")
