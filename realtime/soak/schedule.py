"""`plan`: which fault comes when, from a seed; the same seed gives the same hours."""

from __future__ import annotations

import random
from dataclasses import dataclass

FAULTS = (
    *("unplugged", "silent", "half", "frozen", "large"),
    *("subscriber_killed", "subscriber_stopped", "flood", "busy_core"),
)
"""What can happen: five to the camera, three by subscribers, one to the machine."""

GAP_S = 6.0
"""At least so long after a fault comes the next, so that the recovery can be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault; times are seconds since the start of the run."""

    kind: str
    start_s: float
    length_s: float

    @property
    def end_s(self) -> float:
        return self.start_s + self.length_s


def plan(seed: int, duration_s: float, quiet_s: float, every_s: float) -> tuple[Fault, ...]:
    """Faults in order, none before `quiet_s` or in the last `quiet_s`, one each `every_s` or so.

    Every kind comes once before any comes twice.
    """
    chance = random.Random(seed)
    faults: list[Fault] = []
    bag: list[str] = []
    at_s = quiet_s
    while True:
        at_s = max(
            at_s + every_s * chance.uniform(0.7, 1.3), faults[-1].end_s + GAP_S if faults else 0
        )
        length_s = chance.uniform(2.0, 6.0)
        if at_s + length_s > duration_s - quiet_s:
            return tuple(faults)
        if not bag:
            bag = list(FAULTS)
            chance.shuffle(bag)
        faults.append(Fault(kind=bag.pop(), start_s=at_s, length_s=length_s))
