"""`Flow`: what one browser is sent next, so that a slow one gets fewer pictures, never older ones.

A WebSocket queues without bound: what its reader does not take waits in the buffers of both
machines, and a slow page falls behind by seconds. So the page acknowledges each picture when it has
been shown, and at most `LIMIT` are on the way; a newer one replaces the one that waits here. The
age of what is shown is bounded by `LIMIT` times what the network and the page need for one. No I/O.
"""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")

LIMIT = 2
"""One is shown while the next one travels."""


class Flow(Generic[T]):
    """One slot and a count of what is on the way. Belongs to one thread."""

    def __init__(self) -> None:
        self._waiting: T | None = None
        self.in_flight = 0
        """Sent, and not yet acknowledged."""
        self.dropped = 0
        """Replaced by a newer one while they waited."""

    def offer(self, item: T) -> None:
        """This is the newest now."""
        self.dropped += self._waiting is not None
        self._waiting = item

    def take(self) -> T | None:
        """What is to be sent now; None: nothing new, or as many as may be are on the way."""
        if self._waiting is None or self.in_flight >= LIMIT:
            return None
        item, self._waiting = self._waiting, None
        self.in_flight += 1
        return item

    def acknowledge(self) -> bool:
        """The browser is done with the oldest one. False, and nothing done: it was sent none."""
        if self.in_flight == 0:
            return False
        self.in_flight -= 1
        return True
