"""A run that a stranger made is exported, or refused in one line; nothing larger is built of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from export.__main__ import main
from export.bundle import export_bundle
from export.config import ExportConfig
from tests.export.test_export import run  # noqa: F401  # a fixture
from tests.train.conftest import fit_config  # noqa: F401
from train import checkpoint
from train.config import FitConfig
from train.lineage import MOST_STAGES
from train.runs import load_runs

Change = Callable[[dict[str, Any]], None]


def network(**changes: Any) -> Change:
    return lambda meta: meta["config"]["network"].update(changes)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (network(width=10**6), "does not hold the networks it names"),
        (network(width=10**12), "names networks that cannot be"),
        (network(blocks=10**9), "its file is far too small for"),
        (network(width=12), "does not hold the networks it names: content_ema."),
        (lambda meta: meta["config"].update(v="/dev"), "holds no images"),
    ],
)
def test_one_that_cannot_be_is_refused_in_one_line(
    run: FitConfig,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: Change,
    said: str,
) -> None:
    alter(run.out, change)
    with pytest.raises(SystemExit) as ended:
        main([str(run.out), "--out", str(tmp_path / "bundle")])
    assert ended.value.code == 1
    message = capsys.readouterr().err
    assert said in message
    assert message.count("\n") == 1


def test_adversaries_that_cannot_be_are_refused_as_well(run: FitConfig) -> None:  # noqa: F811
    alter(run.out, network(adversary_width=10**6))
    with pytest.raises(checkpoint.BadCheckpoint, match=r"networks it names: networks\.adversary"):
        load_runs([run.out])


def test_one_that_began_with_itself_and_took_no_time_that_is_a_number(
    run: FitConfig,  # noqa: F811
    tmp_path: Path,
) -> None:
    def change(meta: dict[str, Any]) -> None:
        meta["config"]["init"] = str(run.out)
        meta["progress"]["seconds"] = "for ever"

    alter(run.out, change)
    bundle = export_bundle(ExportConfig(run=run.out, out=tmp_path / "bundle"))
    stages = bundle.manifest.training["stages"]
    assert isinstance(stages, list)
    assert len(stages) == MOST_STAGES + 1
    assert bundle.manifest.training["hours"] == 0


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"credits": 7}', '{"credits": [7]}', '{"description": []}']
)
def test_what_its_data_say_of_themselves_is_damaged(
    run: FitConfig,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    text: str,
) -> None:
    (run.v.parent / "simulation.json").write_text(text)
    with pytest.raises(SystemExit):
        main([str(run.out), "--out", str(tmp_path / "bundle")])
    assert "simulation.json is damaged" in capsys.readouterr().err


def test_whose_pictures_go_into_the_bundle_is_said(run: FitConfig, tmp_path: Path) -> None:  # noqa: F811
    said: list[str] = []
    export_bundle(ExportConfig(run=run.out, out=tmp_path / "bundle"), said.append)
    assert f"the bundle's golden pictures are some of the run's V, {run.v}" in said


def alter(run_folder: Path, change: Change) -> None:
    """Other things in the newest checkpoint."""
    newest = checkpoint.newest(run_folder)
    assert newest is not None
    path = newest / checkpoint.META
    meta = json.loads(path.read_text())
    change(meta)
    path.write_text(json.dumps(meta))
