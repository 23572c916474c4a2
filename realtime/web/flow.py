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


class Slot(Generic[T]):
    """Holds the newest picture until it is taken.

    One that is no key picture builds on the one before, so it cannot replace it. It is dropped
    then, and all that follow until the next key picture, which replaces what waits.
    """

    def __init__(self) -> None:
        self._waiting: T | None = None
        self.wants_key = True
        """Nothing but a key picture is of use now."""
        self.dropped = 0
        """Pictures that nobody will take."""

    @property
    def is_empty(self) -> bool:
        return self._waiting is None

    def offer(self, item: T, *, key: bool) -> None:
        """This is the newest now."""
        if key:
            self.dropped += self._waiting is not None
            self._waiting, self.wants_key = item, False
        elif self.wants_key or self._waiting is not None:
            self.dropped += 1
            self.wants_key = True
        else:
            self._waiting = item

    def take(self) -> T | None:
        """What waits, if anything does."""
        item, self._waiting = self._waiting, None
        return item


class Flow(Generic[T]):
    """A slot and a count of what is on the way. Belongs to one thread."""

    def __init__(self) -> None:
        self._slot: Slot[T] = Slot()
        self.in_flight = 0
        """Sent, and not yet acknowledged."""

    @property
    def dropped(self) -> int:
        """Pictures that were not sent."""
        return self._slot.dropped

    @property
    def wants_key(self) -> bool:
        """Nothing but a key picture is of use now."""
        return self._slot.wants_key

    def offer(self, item: T, *, key: bool) -> None:
        """This is the newest now."""
        self._slot.offer(item, key=key)

    def take(self) -> T | None:
        """What is to be sent now; None: nothing new, or as many as may be are on the way."""
        if self._slot.is_empty or self.in_flight >= LIMIT:
            return None
        self.in_flight += 1
        return self._slot.take()

    def acknowledge(self) -> bool:
        """The browser is done with the oldest one. False, and nothing done: it was sent none."""
        if self.in_flight == 0:
            return False
        self.in_flight -= 1
        return True
