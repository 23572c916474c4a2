"""`Alarms`: what tells that a run has gone wrong, from the rows of its log.

Losses of a game say little by themselves: what is good for one player is bad for the other. These
are the three ends that it does not come back from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

Row = Mapping[str, float]
"""A row of log.jsonl: the step, and means of losses by name."""

WON = 0.02
"""An adversary's loss below which it tells real from fake at sight; 0.25 is chance."""
WON_STEPS = 400
DRIFT = 10.0

ADVERSARIES = {"adversary_c": ("A_C", "c'"), "adversary_v": ("A_V", "v'")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something that a run raises once."""

    step: int
    kind: str
    text: str
    """What is wrong, and what to do."""


def not_finite(row: Row) -> list[Alarm]:
    """The alarm of a run that is beyond help, if it is."""
    bad = [name for name, value in row.items() if not math.isfinite(value)]
    if not bad:
        return []
    text = (
        f"not a finite number: {', '.join(bad)}. The newest checkpoint is from before; start a new "
        "run from it with --init, and a lower --lr or --adversary-lr"
    )
    return [Alarm(step=int(row["step"]), kind="not finite", text=text)]


class Alarms:
    """Looks at each row, remembers what it has said."""

    def __init__(self) -> None:
        self.raised: list[Alarm] = []
        self._won_since: dict[str, int] = {}
        self._first_r_size: float | None = None

    def watch(self, row: Row) -> list[Alarm]:
        """The alarms that this row raises for the first time."""
        before = {alarm.kind for alarm in self.raised}
        found = [*not_finite(row), *self._won(row), *self._drift(row)]
        new = [alarm for alarm in found if alarm.kind not in before]
        self.raised += new
        return new

    def _won(self, row: Row) -> list[Alarm]:
        found, step = [], int(row["step"])
        for name, (adversary, image) in ADVERSARIES.items():
            if row.get(name, 1.0) >= WON:
                self._won_since.pop(name, None)
            elif step - self._won_since.setdefault(name, step) >= WON_STEPS:
                weights = "--lambda-v and --lambda-c" if "l_v" in row else "--gan-weight"
                text = (
                    f"{adversary} tells every {image} from a real image since step "
                    f"{self._won_since[name]}: the generators learn nothing from it any more. "
                    f"Lower {weights}, or --adversary-lr"
                )
                found.append(Alarm(step=step, kind=f"{adversary} has won", text=text))
        return found

    def _drift(self, row: Row) -> list[Alarm]:
        size = row.get("r_size")
        if size is None or not math.isfinite(size) or size <= 0:
            return []
        if self._first_r_size is None:
            self._first_r_size = size
        ratio = size / self._first_r_size
        if 1 / DRIFT < ratio < DRIFT:
            return []
        text = (
            f"|r| has gone from {self._first_r_size:.3g} to {size:.3g}: D and E tell each other "
            "something by its size alone. Raise --lambda-r"
        )
        return [Alarm(step=int(row["step"]), kind="r drifts", text=text)]
