"""`Schedule`: when the learning rates fall, and when the run is over (Sec. 3.5).

"After the reconstruction errors stop descending, we linearly decay the learning rate to zero."

    fixed     1 1 1 1 1 1 \\ \\ \\ 0     the fall begins where it just ends with --steps
    plateau   1 1 1 \\ \\ \\ 0           it begins when a smoothed error has not become lower for
                                       --patience steps, if that is sooner
"""

from __future__ import annotations

from typing import Any

from train.config import RunOptions

SMOOTHING = 0.9
"""Of the error, per row of the log: a memory of some ten rows."""
LOWER = 0.99
"""What a new best error is, relative to the one before. Less than that is noise."""


class Schedule:
    """What the learning rates are multiplied with, from the step and the errors until now."""

    def __init__(self, config: RunOptions) -> None:
        self._fall = max(1, round(config.steps * config.decay))
        self._latest = config.steps - self._fall
        self._plateau: int | None = None
        self._patience = config.patience if config.schedule == "plateau" else None
        self._smooth: float | None = None
        self._best, self._best_step = float("inf"), 0

    @property
    def _begins(self) -> int:
        return self._latest if self._plateau is None else min(self._plateau, self._latest)

    @property
    def end(self) -> int:
        """The number of steps in all, as far as is known."""
        return self._begins + self._fall

    def factor(self, step: int) -> float:
        """1, then linearly to 0."""
        return min(1.0, (self.end - step) / self._fall)

    def watch(self, step: int, error: float) -> bool:
        """Take note of a reconstruction error; True if the fall begins with this step."""
        if self._patience is None or step >= self._begins:
            return False
        before = error if self._smooth is None else self._smooth
        self._smooth = SMOOTHING * before + (1 - SMOOTHING) * error
        if self._smooth < LOWER * self._best:
            self._best, self._best_step = self._smooth, step
        elif step - self._best_step >= self._patience:
            self._plateau = step
            return True
        return False

    def state(self) -> dict[str, Any]:
        """For a checkpoint: JSON."""
        return {
            "smooth": self._smooth,
            "best": None if self._smooth is None else self._best,
            "best_step": self._best_step,
            "plateau": self._plateau,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave. A fixed schedule follows from --steps alone."""
        if self._patience is None:
            return
        self._smooth, self._plateau = state["smooth"], state["plateau"]
        self._best = float("inf") if state["best"] is None else float(state["best"])
        self._best_step = int(state["best_step"])
