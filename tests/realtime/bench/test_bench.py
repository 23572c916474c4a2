"""The benchmark of the loop: real processes at a tiny size, and figures that agree."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from realtime.bench import __main__ as command
from realtime.bench import plan, trial
from realtime.bench.config import BenchConfig
from realtime.bench.task import PictureCodec, System, Task
from realtime.errors import RealtimeError, UsageError
from realtime.pipeline import STAGES


def config(bundle: Path, **changes: Any) -> BenchConfig:
    given: dict[str, Any] = {"bundle": bundle, "rates": (60.0,), "quick": True} | changes
    return BenchConfig(**given)


def test_the_plan_is_every_rate_without_and_with_the_model_then_peers_quick_and_slow(
    tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "missing", lambda system: system == "netgear")
    tasks = plan.trials(config(tiny_bundle, rates=(30.0, 60.0, 90.0), peers=True))
    assert [(t.model, t.rate_fps) for t in tasks[:8]] == [
        (model, rate) for model in ("identity", "bundle") for rate in (30.0, 60.0, 90.0, None)
    ]
    assert {t.codec for t in tasks[:8]} == {"raw"}, "as launch.py on one machine"
    assert {t.rate_fps for t in tasks[8:]} == {60.0}
    assert [(t.client_ms, t.system, t.codec) for t in tasks[8:]] == [
        (client_ms, *sender)
        for client_ms in (0.0, 100.0)
        for sender in (
            ("headset-avatar", "raw"),
            ("headset-avatar", "jpeg"),
            ("imagezmq", "raw"),
            ("imagezmq", "jpeg"),
            ("imagezmq-opencv", "jpeg"),
        )
    ]
    assert plan.absent_peers() == ["vidgear"]


def test_rounds_are_told_as_medians_of_trials_that_took_turns(
    tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ages = iter((1.0, 10.0, 5.0, 30.0, 3.0, None))

    def trial_of(task: Task, warm_up_s: float, measured_s: float) -> dict[str, Any]:
        age = dict.fromkeys(("p50", "p95", "p99", "max"), next(ages))
        told = {"system": task.system, "codec": task.codec, "rate_fps": task.rate_fps}
        counted = {"fps": 60.0, "received": 60, "client_ms": 0.0, "age_ms": age}
        costs = {"cpu_ms_per_frame": 1.0, "client_cpu_ms_per_frame": 1.0, "age_at_end_ms": 1.0}
        return told | counted | costs | {"backend": "identity", "exact": True, "psnr_db": None}

    monkeypatch.setattr(command, "run", trial_of)
    monkeypatch.setattr(command, "trials", lambda config: plan.trials(config)[:2])
    command.bench(config(tiny_bundle, rounds=3))
    printed = capsys.readouterr().out
    assert "medians of 3 in turns" in printed
    at_60, free = (line.split() for line in printed.splitlines() if "headset-avatar " in line[:15])
    assert at_60[10:12] == ["3.00", "3.00"], "of 1, 5 and 3"
    assert "-" in free, "one trial got no picture: no figure"
    with pytest.raises(UsageError, match="--rounds 0: give 1 to"):
        config(tiny_bundle, rounds=0)


def test_whole_rounds_are_told_whatever_ends_the_next_one(
    tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = iter((1.0, 2.0, 3.0))
    told = {"age_ms": {"p50": 1.0}, "exact": None}

    def trial_of(task: Task, warm_up_s: float, measured_s: float) -> dict[str, Any]:
        if (fps := next(turns, None)) is None:
            raise KeyboardInterrupt
        return told | {"fps": fps}

    monkeypatch.setattr(command, "run", trial_of)
    monkeypatch.setattr(command, "trials", lambda config: plan.trials(config)[:2])
    monkeypatch.setattr(command, "_print", lambda *_: None)
    file = tmp_path / "bench.json"
    with pytest.raises(KeyboardInterrupt):
        command.bench(config(tiny_bundle, rounds=3, json=file))
    figures = json.loads(file.read_text())
    assert figures["rounds"] == 1
    assert figures["trials"] == [told | {"fps": 1.0}, told | {"fps": 2.0}]


def test_backends_that_were_chosen_anew_are_all_named() -> None:
    chosen = [{"backend": name, "fps": fps} for name, fps in (("a", 1.0), ("b", 5.0), ("a", 2.0))]
    assert trial.median(chosen) == {"backend": "a / b", "fps": 2.0}


def test_the_command_prints_and_writes_figures_that_add_up(
    tiny_bundle: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    free_and_at_60 = slice(1, 3)
    monkeypatch.setattr(command, "trials", lambda config: plan.trials(config)[free_and_at_60])
    file = tmp_path / "bench.json"
    command.bench(config(tiny_bundle, json=file))
    figures = json.loads(file.read_text())
    assert figures["bundle"].startswith("tiny@")
    assert figures["machine"]["cores"] >= 1
    assert figures["machine"]["versions"]["pyzmq"]
    assert set(figures["load"]) == {"before", "after", "quiet"}
    free, at_60 = figures["trials"]
    assert (free["rate_fps"], at_60["rate_fps"]) == (None, 60.0)
    assert (free["backend"], at_60["backend"]) == ("identity", "onnxruntime-cpu")
    for row in (free, at_60):
        frames = row["frames"]
        assert frames["captured"] == frames["published"] + sum(frames["dropped"].values())
        assert 0 < row["sent"] <= frames["published"]
        assert row["received"] > 0
        assert row["cpu_ms_per_frame"] > 0
        assert set(row["stages_ms"]) == set(STAGES)
        total = row["stages_ms"]["total"]
        assert all(row["stages_ms"][stage]["p50"] <= total["max"] for stage in STAGES)
        age = row["age_ms"]
        assert 0 < age["p50"] <= age["p95"] <= age["p99"] <= age["max"]
    assert (free["exact"], free["psnr_db"]) == (True, None)
    assert (at_60["exact"], at_60["psnr_db"]) == (None, None), "a model changes the pictures"
    printed = capsys.readouterr().out
    assert "onnxruntime-cpu" in printed
    assert "load average before" in printed


@pytest.mark.parametrize(
    ("system", "codec"),
    [
        ("headset-avatar", "raw"),
        ("headset-avatar", "jpeg"),
        ("imagezmq", "raw"),
        ("imagezmq", "jpeg"),
        ("imagezmq-opencv", "jpeg"),
        ("netgear", "jpeg"),
    ],
)
def test_each_sender_gives_its_client_the_cameras_pictures(
    system: System, codec: PictureCodec, tiny_bundle: Path
) -> None:
    if system in plan.MODULES and plan.missing(system):
        pytest.skip(f"{system} is not installed: pip install -e .[peers]")
    task = replace(plan.trials(config(tiny_bundle))[0], system=system, codec=codec)
    row = trial.run(task, warm_up_s=0.1, measured_s=0.5)
    assert row["system"] == system
    assert row["backend"] == "identity"
    assert row["received"] > 0
    if codec == "raw":
        assert row["exact"]
    else:
        assert row["psnr_db"] > 30
    assert 0 < row["age_ms"]["p50"] < 60_000
    assert row["cpu_ms_per_frame"] > 0
    assert row["client_cpu_ms_per_frame"] > 0


def test_a_side_that_fails_is_named_with_what_it_said(tmp_path: Path, tiny_bundle: Path) -> None:
    task = replace(plan.trials(config(tiny_bundle))[0], bundle=str(tmp_path / "none"))
    with pytest.raises(RealtimeError, match=r"headset-avatar, send: .*none does not exist"):
        trial.run(task, warm_up_s=0.1, measured_s=0.1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rates": ()}, "--rates"),
        ({"rates": (0.0,)}, "--rates 0"),
        ({"rates": (1000.0,)}, "at most 240"),
        ({"seconds": -1.0}, "--seconds -1"),
        ({"slow_ms": float("nan")}, "--slow-ms nan"),
        ({"quality": 0}, "--quality 0"),
    ],
)
def test_what_makes_no_sense_is_refused(
    changes: dict[str, Any], message: str, tiny_bundle: Path
) -> None:
    with pytest.raises(UsageError, match=message):
        config(tiny_bundle, **changes)


def test_quick_is_short(tiny_bundle: Path) -> None:
    quick, whole = (config(tiny_bundle, seconds=9.0, quick=value) for value in (True, False))
    assert (quick.warm_up_s, quick.measured_s) == (0.3, 1.0)
    assert (whole.warm_up_s, whole.measured_s) == (1.0, 9.0)
