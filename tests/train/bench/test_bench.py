"""The figures add up, and the methods stand in the order that their arithmetic dictates."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from train.bench import BenchConfig, run
from train.bench.measure import PARTS
from train.config import NetworkConfig
from train.errors import TrainError


def test_a_step_is_the_sum_of_its_parts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network = NetworkConfig(size=32, width=8, blocks=2, adversary_width=8)
    file = tmp_path / "bench.json"
    run(BenchConfig(network=network, batch=2, steps=2, warm_up=1, accelerator="cpu", json=file))

    figures = json.loads(file.read_text())
    assert figures["config"]["network"]["size"] == 32
    assert all(peak > 0 for peak in figures["peak_gflop_per_s"].values())
    methods = {row["method"]: row for row in figures["methods"]}
    assert list(methods) == ["uncooperative", "cooperative", "cyclegan", "restoration"]
    of_practice = {"disturb", "restoration"}
    of_cycles = {"cycle V", "cycle C", "adversaries"}
    for name, row in methods.items():
        assert set(row["parts_s"]) == {*PARTS, "rest"}
        idle = of_cycles if name == "restoration" else of_practice
        assert {part for part in PARTS if row["parts_s"][part] == 0} == idle
        assert row["gflop_per_s"] == pytest.approx(row["gflop"] / row["step_s"])
    assert methods["cyclegan"]["gflop"] < methods["uncooperative"]["gflop"]
    assert methods["uncooperative"]["gflop"] < methods["cooperative"]["gflop"]

    printed = capsys.readouterr().out
    assert "uncooperative" in printed
    assert "GFLOP/s" in printed


def test_a_method_given_twice_is_refused() -> None:
    with pytest.raises(TrainError, match="each once"):
        BenchConfig(methods=("cyclegan", "cyclegan"))
