"""`Journal`: all that a run tells of itself - log.jsonl, progress bar, TensorBoard, report, alarms.

One process of a run has one. Nothing here changes what is trained.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from train.alarms import Alarms, Row
from train.board import Board, installed
from train.config_json import RunConfig
from train.errors import NotSaved
from train.report import Status, write_report

LOG = "log.jsonl"
SHOWN = ("l_v", "l_c", "l_restored", "l_teacher", "psnr_db", "adversary_c", "adversary_v")
"""Losses beside the bar; all are in the log."""
STEADY_S = 600.0
"""How far back the remaining time is estimated from."""


class Journal:
    """Use as a context: it closes its files and clears its bar."""

    def __init__(self, config: RunConfig, step: int, where: str, console: Console) -> None:
        """Goes on where a checkpoint at `step` was written: what was logged later is dropped.

        Raises `NotSaved` if it cannot write.
        """
        self._config, self._where, self._console = config, where, console
        self._alarms = Alarms()
        self._reported = 0.0
        self._stack = ExitStack()
        with self._writing():
            self._rows = _rows_until(config.out / LOG, step)
            self._log = self._stack.enter_context((config.out / LOG).open("a", buffering=1))
        for row in self._rows:
            self._alarms.watch(row)
        self._board = self._open_board(step)
        columns = (
            *(BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn()),
            TextColumn("{task.fields[losses]}"),
        )
        self._bar = self._stack.enter_context(
            Progress(*columns, console=console, speed_estimate_period=STEADY_S)
        )
        self._task = self._bar.add_task("", total=config.steps, completed=step, losses="")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def row(self, row: Row, status: Status) -> None:
        """Take a row of the log."""
        with self._writing():
            self._log.write(json.dumps(row) + "\n")
        self._rows.append(row)
        if self._board:
            self._board.row(row)
        losses = " ".join(f"{name} {row[name]:.3f}" for name in SHOWN if name in row)
        pace = f"{row['step_s']:.2f} s/step, {row['data_share']:.1%} data"
        self._bar.update(
            self._task, completed=status.step, total=status.total, losses=f"{losses} | {pace}"
        )
        for alarm in self._alarms.watch(row):
            self.note(f"[bold red]alarm[/], step {alarm.step}, {alarm.kind}: {alarm.text}")
        if time.monotonic() - self._reported > self._config.report_every_s:
            self.report(status)

    def picture(self, path: Path, status: Status) -> None:
        """Take a new picture of samples."""
        if self._board:
            self._board.picture(path, status.step)
        self.report(status)

    def note(self, text: str) -> None:
        """A line for people."""
        self._console.print(text, highlight=False, soft_wrap=True)

    def report(self, status: Status) -> None:
        """Write the report as things stand."""
        with self._writing():
            write_report(self._config, status, self._rows, self._alarms.raised)
        self._reported = time.monotonic()

    def _open_board(self, step: int) -> Board | None:
        if not self._config.tensorboard:
            return None
        if not installed():
            self.note("no TensorBoard here (pip install tensorboard): curves are in the report")
            return None
        return self._stack.enter_context(Board(self._config.out, step))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise NotSaved(
                f"{self._config.out} cannot be written: {error.strerror}. The run is safe up to "
                "its newest checkpoint; make room and start the same command again"
            ) from error


def _rows_until(log: Path, step: int) -> list[Row]:
    """The log's rows up to `step`; later ones, and one that was cut short, go from the file too."""
    if not log.exists():
        return []
    lines = log.read_text().splitlines(keepends=True)
    kept = [line for line in lines if line.endswith("\n") and json.loads(line)["step"] <= step]
    if len(kept) < len(lines):
        unfinished = log.with_suffix(".unfinished")
        unfinished.write_text("".join(kept))
        unfinished.replace(log)
    rows: list[Row] = [json.loads(line) for line in kept]
    return rows
