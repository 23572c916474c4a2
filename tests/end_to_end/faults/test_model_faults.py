"""Models that raise, give NaN, are slow or never come back; see docs/reliability.md."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from realtime.health import STALLED_S
from realtime.watchdog import FATAL_S
from tests.end_to_end.faults.camera import FaultyCamera
from tests.end_to_end.faults.harness import END_LIMIT_S, Run, allowed_s
from tests.end_to_end.faults.models import turns_that_take, write_faulty_bundle

SAID = {"raises": "ONNX Runtime failed on a frame", "nan": "the model gave one flat colour"}


@pytest.mark.parametrize("fault", ["raises", "nan"])
def test_a_frame_that_the_model_fails_on_is_left_out(tmp_path: Path, fault: str) -> None:
    bundle, camera = write_faulty_bundle(tmp_path / "bundle", fault), FaultyCamera()
    with Run(tmp_path, "--camera", camera.url, "--bundle", bundle) as launched:
        launched.watch_new()
        camera.marked = True
        launched.watch_trouble("model_fails")
        camera.marked = False
        launched.recovers()
        frames = launched.ends()
        assert launched.count(SAID[fault]) == 1
        assert frames["dropped"]["model_failed"] > 0
    camera.unplug()


@pytest.mark.parametrize("fault", ["raises", "nan"])
def test_a_model_that_always_fails_ends_the_program(tmp_path: Path, fault: str) -> None:
    bundle, camera = write_faulty_bundle(tmp_path / "bundle", fault), FaultyCamera()
    with Run(tmp_path, "--camera", camera.url, "--bundle", bundle) as launched:
        launched.watch_new()
        camera.marked = True
        launched.ends(None, code=1)
        assert launched.lines[-1].startswith(f"launch: {SAID[fault]}")
        assert launched.count(SAID[fault]) == 2  # when it began, and at the end
    camera.unplug()


def test_a_model_that_takes_long_is_seen_and_waited_for(tmp_path: Path) -> None:
    turns = turns_that_take(2.5 * STALLED_S)
    bundle, camera = write_faulty_bundle(tmp_path / "bundle", "slow", turns), FaultyCamera()
    with Run(tmp_path, "--camera", camera.url, "--bundle", bundle) as launched:
        launched.watch_new()
        camera.marked = True
        launched.watch_trouble("model_stalls")
        camera.marked = False
        launched.said("model goes on after")
        launched.recovers()
        frames = launched.ends()
        assert launched.count(r"model stands still .* onnx_runtime\.py:\d+ run") >= 1
        assert frames["dropped"]["infer_busy"] > 0
    camera.unplug()


def test_a_model_that_never_comes_back_ends_the_program(tmp_path: Path) -> None:
    bundle, camera = write_faulty_bundle(tmp_path / "bundle", "slow", 10**9), FaultyCamera()
    with Run(tmp_path, "--camera", camera.url, "--bundle", bundle) as launched:
        launched.watch_new()
        camera.marked = True
        launched.said("model stands still")
        still_s = time.monotonic()
        launched.watch(lambda: launched.process.poll() is not None)
        assert time.monotonic() - still_s <= allowed_s(FATAL_S + END_LIMIT_S)
        frames = launched.ends(None, code=1)
        assert (
            launched.count("stands still for .* cannot be replaced: start the program again") == 1
        )
        assert launched.count(r"model stands still .* at ") == 1
        assert frames["dropped"]["stopped"] > 0  # the one that it hangs on, and those behind it
    camera.unplug()
