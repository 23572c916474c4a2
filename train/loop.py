"""`Loop`: the steps of a run, one after another; what is logged, drawn and saved, and when."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from train import checkpoint
from train.alarms import not_finite
from train.config_json import RunConfig
from train.engine import Engine
from train.errors import Diverged
from train.journal import Journal
from train.report import Status
from train.schedule import Schedule
from train.signals import Asked
from train.task import Task
from train.trainee import Trainee
from train.window import Window


@dataclass(slots=True, kw_only=True)
class Loop:
    """A run in the making. Every process has one; the one that writes has a journal."""

    task: Task
    where: str
    """Device, processes and precision, for people."""
    journal: Journal | None = None
    config: RunConfig = field(init=False)
    engine: Engine = field(init=False)
    state: Trainee = field(init=False)
    schedule: Schedule = field(init=False)
    window: Window = field(default_factory=Window)
    seconds: float = 0.0
    """Trained until now."""
    _since: float = field(default_factory=time.monotonic)
    _saved: int = 0

    def __post_init__(self) -> None:
        task = self.task
        self.config, self.engine, self.state = task.config, task.engine, task.state
        self.schedule = Schedule(self.config)

    def resume(self, progress: dict[str, Any]) -> None:
        """Take over what `progress` gave. A checkpoint of format 1 has only the seconds."""
        self._saved = self.state.step
        self.seconds = float(progress.get("seconds", 0.0))
        if "schedule" in progress:
            self.schedule.load(progress["schedule"])
            self.window.load(progress["window"], self.engine)
            self.engine.load_scaler(progress["scaler"])

    def progress(self) -> dict[str, Any]:
        """For a checkpoint, what a run is beside its tensors: JSON."""
        return {
            "seconds": self.seconds,
            "schedule": self.schedule.state(),
            "window": self.window.state(),
            "scaler": self.engine.scaler_state(),
        }

    def run(self, asked: Asked) -> None:
        """To the end, or until asked to stop. Saves where it stops."""
        config, state = self.config, self.state
        self._since = time.monotonic()
        while state.step < self.schedule.end and not self._stops(asked):
            self._step()
            if self.window.count == config.log_every:
                self._row()
            # Saved first: a full disk must not cost a step for the sake of a picture.
            if state.step % config.checkpoint_every == 0:
                self._save()
            if state.step % config.sample_every == 0 and state.step < self.schedule.end:
                self._sample()
        self._save()
        if state.step >= self.schedule.end:
            self._sample()
        if self.journal:
            ended = "stopped; the same command goes on" if asked.signal else "done"
            self.journal.report(self._status(ended))

    def _step(self) -> None:
        state = self.state
        state.set_lr(self.schedule.factor(state.step))
        losses = self.task.step()
        state.update_ema(self.config.ema)
        state.step += 1
        self.window.add(losses)

    def _row(self) -> None:
        """A row of the log: the means since the one before."""
        steps, lr = self.window.count, self.state.lr
        self.window.share(self.engine)
        means = self.window.take()
        now = time.monotonic()
        passed, self._since = now - self._since, now
        self.seconds += passed
        data_share = self.engine.clock.seconds.pop("data", 0.0) / passed
        if self.schedule.watch(self.state.step, self.task.error(means)) and self.journal:
            self.journal.note(f"step {self.state.step}: a plateau; learning rates fall from here")
        if self.journal:
            pace = {"step_s": passed / steps, "data_share": data_share, "lr": lr}
            self.journal.row({"step": self.state.step, **pace, **means}, self._status())
        for alarm in not_finite({"step": self.state.step, **means}):  # in every process alike
            if self.journal:
                self.journal.report(self._status("ended by an alarm"))
            raise Diverged(f"step {alarm.step}: {alarm.text}")

    def _sample(self) -> None:
        if self.journal:
            sample = self.task.sample()
            self.journal.picture(sample.path, self._status())
            if sample.told:
                self.journal.note(f"step {self.state.step}: {sample.told}")

    def _save(self) -> None:
        """If there is something new. Raises `NotSaved`, `Diverged`."""
        if self.state.step == self._saved:
            return
        self.window.share(self.engine)
        if not self.state.finite():
            raise Diverged(
                f"step {self.state.step}: weights are not finite numbers, and were not saved. "
                "Start a new run from the newest checkpoint with --init, and a lower --lr"
            )
        if self.engine.rank == 0:
            checkpoint.save(self.state, self.config, self.progress())
        self._saved = self.state.step

    def _stops(self, asked: Asked) -> bool:
        """Whether to stop before the next step. All processes must agree on which step that is, so
        several ask each other, and only when a row of the log is full."""
        if self.engine.world == 1:
            return asked.signal is not None
        return self.window.count == 0 and self.engine.any(asked.signal is not None)

    def _status(self, ended: str = "") -> Status:
        return Status(
            step=self.state.step,
            total=self.schedule.end,
            seconds=self.seconds,
            where=self.where,
            ended=ended,
        )
