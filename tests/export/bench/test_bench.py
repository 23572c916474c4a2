"""The table of bundles and backends: its figures follow from each other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from export.bench import measure as measuring
from export.bench.__main__ import main
from export.bench.config import BenchConfig
from export.errors import ExportError
from export.graph import giga_macs
from realtime import backends
from realtime.backends import Backend, BackendName, open_backend
from realtime.bundle import Bundle
from realtime.errors import BackendError
from tests.conftest import write_tiny_bundle
from train.config import NetworkConfig
from train.networks import build_content


def say_gmac(folder: Path, gmac: float, precision: str) -> None:
    manifest = Bundle.load(folder).manifest
    change = {"network": {"family": "invert", "gmac": gmac}, "precision": precision}
    manifest.model_copy(update=change).save(folder)


def test_the_figures_follow_from_the_times(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    write_tiny_bundle(other)
    say_gmac(other, 0.5, "float32")
    file = tmp_path / "bench.json"
    asked = [str(tiny_bundle), str(other), "--network", "fast", "--turns", "2", "--frames", "3"]
    main([*asked, "--json", str(file)])

    figures = json.loads(file.read_text())
    assert (figures["network"], figures["turns"]) == ("fast", 2)
    assert figures["reference"].endswith(Bundle.load(other).id), "the float32 one"
    assert not any(name.startswith("onnxruntime,") for name in figures["absent"])
    eager, peak = figures["eager"], figures["matmul_gflop_per_s"]
    assert eager["gmac"] == giga_macs(build_content(NetworkConfig(size=64)), 64)
    unknown, known = (row for row in figures["rows"] if row["backend"] == "onnxruntime-cpu")
    assert (unknown["precision"], known["precision"]) == ("uint8", "float32")
    for row in (unknown, known):
        assert row["frames"] == 2 * 3
        assert 0 < row["p50_ms"] <= row["p95_ms"]
        assert row["psnr_db"] is None, "identical"
        faster = eager["p50_ms"] / row["p50_ms"]
        assert row["times_faster_than_eager"] == pytest.approx(faster)
    assert unknown["limit_ms"] is None
    assert known["limit_ms"] == pytest.approx(2 * 0.5e9 / (peak * 1e9) * 1000)
    assert known["of_limit"] == pytest.approx(known["limit_ms"] / known["p50_ms"])
    printed = capsys.readouterr().out
    assert "identical" in printed
    assert "GFLOP/s" in printed


def test_a_backend_that_is_not_here_is_listed_with_the_reason(
    tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every name that can be asked for is tried, the ones that come later too."""
    monkeypatch.setattr(measuring, "get_args", lambda names: ("auto", "onnxruntime", "abacus"))

    def open_some(name: BackendName, bundle: Bundle) -> Backend:
        if name not in backends.BackendName.__args__:
            raise BackendError("it has no beads")
        return open_backend(name, bundle)

    monkeypatch.setattr(measuring, "open_backend", open_some)
    file = tmp_path / "bench.json"
    main([str(tiny_bundle), "--network", "fast", "--turns", "1", "--json", str(file)])
    figures = json.loads(file.read_text())
    assert [row["backend"] for row in figures["rows"]] == ["onnxruntime-cpu"]
    assert list(figures["absent"].values()) == ["it has no beads"]
    assert next(iter(figures["absent"])).startswith("abacus, tiny@")


def test_bundles_of_one_size_and_square_only(tiny_bundle: Path, tmp_path: Path) -> None:
    wide = tmp_path / "wide"
    wide.mkdir()
    write_tiny_bundle(wide, (1, 64, 96, 3))
    with pytest.raises(ExportError, match="several input sizes"):
        measuring.measure(BenchConfig(bundles=(tiny_bundle, wide)), lambda: None)
    with pytest.raises(ExportError, match="96x64: the networks to compare with are square"):
        measuring.measure(BenchConfig(bundles=(wide,)), lambda: None)


def test_what_makes_no_sense_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for asked, said in (([], "no bundle"), (["x", "--turns", "0"], "--turns 0: give 1 or more")):
        with pytest.raises(SystemExit) as ended:
            main(asked)
        assert ended.value.code == 1
        message = capsys.readouterr().err
        assert message.startswith(f"bench: {said}")
        assert message.count("\n") == 1


def test_a_network_is_timed_before_anybody_trains_it(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    asked = ["--untrained", "fast:8:2", "fast:16", "--size", "64", "--network", "fast"]
    main([*asked, "--turns", "1", "--frames", "1", "--json", str(file)])
    figures = json.loads(file.read_text())
    rows = [row for row in figures["rows"] if row["backend"] == "onnxruntime-cpu"]
    narrow, wide = rows
    assert narrow["bundle"].startswith("fast-8-2@")
    assert narrow["gmac"] < wide["gmac"]
    assert all(row["psnr_db"] is None or row["psnr_db"] > 60 for row in rows)
    assert figures["reference"] == "PyTorch, on noise"


@pytest.mark.parametrize("asked", ["slow", "fast:0", "fast:8:2:1", "fast:x"])
def test_an_untrained_network_that_cannot_be_is_one_line(
    asked: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["--untrained", asked])
    assert f"--untrained {asked}: give FAMILY[:WIDTH[:BLOCKS]]" in capsys.readouterr().err
