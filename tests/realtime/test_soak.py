"""The soak: its schedule, its arithmetic, and a short one of the real program."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from realtime.soak.figures import percentiles_ms, slope, unaccounted
from realtime.soak.schedule import FAULTS, GAP_S, plan


def test_a_seed_gives_one_schedule_with_every_fault_and_room_between() -> None:
    faults = plan(3, 600.0, 15.0, 30.0)
    assert faults == plan(3, 600.0, 15.0, 30.0) != plan(4, 600.0, 15.0, 30.0)
    assert {fault.kind for fault in faults[: len(FAULTS)]} == set(FAULTS)
    for one, following in pairwise(faults):
        assert following.start_s - one.end_s >= GAP_S
    assert faults[0].start_s >= 15.0
    assert faults[-1].end_s <= 585.0


def test_figures() -> None:
    assert slope([0, 1800, 3600], [10.0, 11.0, 12.0]) is not None
    assert abs((slope([0, 1800, 3600], [10.0, 11.0, 12.0]) or 0) - 2.0) < 1e-9
    assert slope([0, 1], [1.0, 2.0]) is None
    assert percentiles_ms([])["p50"] is None
    assert percentiles_ms([1.0, 2.0, 3.0])["max"] == 3.0
    frames = {"captured": 10, "published": 7, "dropped": {"infer_busy": 2, "stopped": 0}}
    assert unaccounted(frames) == 1
    assert unaccounted(frames | {"dropped": {"infer_busy": 0, "stopped": 3}}) == 0
    assert unaccounted(frames | {"captured": 13, "dropped": {"stopped": 6}}) == 2


def test_a_short_soak_of_the_real_program(tiny_bundle: Path, tmp_path: Path) -> None:
    report = tmp_path / "soak.json"
    arguments = ["--minutes", "0.06", "--window", "1", "--bundle", tiny_bundle, "--report", report]
    command = [sys.executable, "-m", "realtime.soak", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(report.read_text())
    assert told["complete"]
    assert told["windows"]
    assert unaccounted(told["ended"]["report"]["frames"]) == 0
    assert (tmp_path / "soak.log").read_text().count("published ") == 1
