"""What a run tells of itself, and that a resumed one tells it once."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from train import journal
from train.config import FitConfig
from train.errors import NotSaved
from train.journal import LOG, Journal
from train.report import Status

Make = Callable[..., FitConfig]


def row(step: int, **losses: float) -> dict[str, float]:
    pace = {"step_s": 0.5, "data_share": 0.01, "lr": 2e-4}
    return {"step": step, **pace, "l_v": 0.3, "l_c": 0.2, "adversary_c": 0.2, **losses}


def status(step: int) -> Status:
    return Status(step=step, total=100, seconds=step / 2, where="cpu")


def open_journal(config: FitConfig, step: int = 0, console: Console | None = None) -> Journal:
    config.out.mkdir(exist_ok=True)
    return Journal(config, step, "cpu", console or Console(quiet=True))


def listening() -> Console:
    """A console whose text can be asked for."""
    return Console(record=True, width=200, file=io.StringIO())


def steps_in(log: Path) -> list[int]:
    return [json.loads(line)["step"] for line in log.read_text().splitlines()]


def test_a_resumed_run_drops_the_rows_after_its_checkpoint_and_the_one_cut_short(
    fit_config: Make,
) -> None:
    config = fit_config()
    with open_journal(config) as first:
        for step in (4, 8, 12):
            first.row(row(step), status(step))
    log = config.out / LOG
    with log.open("a") as file:
        file.write('{"step": 16, "l_')
    with open_journal(config, step=10) as second:
        assert steps_in(log) == [4, 8]
        second.row(row(12), status(12))
    assert steps_in(log) == [4, 8, 12]


def test_an_alarm_is_told_once_and_not_again_by_a_resumed_run(fit_config: Make) -> None:
    config, told = fit_config(), listening()
    rows = [row(4, r_size=0.4), row(8, r_size=9.0), row(12, r_size=9.0)]
    with open_journal(config, console=told) as first:
        for now in rows:
            first.row(now, status(int(now["step"])))
        first.report(status(12))
    assert told.export_text().count("r drifts") == 1
    again = listening()
    with open_journal(config, step=12, console=again) as second:
        second.row(row(16, r_size=9.0), status(16))
    assert "r drifts" not in again.export_text()
    assert (config.out / "report.html").read_text().count("<b>r drifts</b>") == 1


def test_tensorboard_gets_the_rows_and_pictures(fit_config: Make) -> None:
    accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator", reason="TensorBoard is optional"
    )
    config = fit_config(tensorboard=True)
    with open_journal(config) as first:
        for step in (4, 8, 12):
            first.row(row(step, l_v=step / 10), status(step))
    with open_journal(config, step=8) as second:
        second.row(row(12, l_v=0.9), status(12))
    events = accumulator.EventAccumulator(str(config.out / "tensorboard"))
    events.Reload()
    found = [(event.step, round(event.value, 3)) for event in events.Scalars("l_v")]
    assert found == [(4, 0.4), (8, 0.8), (12, 0.9)]


def test_without_tensorboard_a_run_says_so_and_goes_on(
    fit_config: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "installed", lambda: False)
    config, told = fit_config(tensorboard=True), listening()
    with open_journal(config, console=told) as open_one:
        open_one.row(row(4), status(4))
    assert told.export_text().count("no TensorBoard here") == 1


def test_a_log_that_cannot_be_written_is_answered_in_one_line(fit_config: Make) -> None:
    config = fit_config()
    config.out.mkdir()
    (config.out / LOG).mkdir()
    with pytest.raises(NotSaved, match="cannot be written: Is a directory"):
        open_journal(config)
