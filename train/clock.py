"""`Clock`: where the time of a step goes."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Clock:
    """Seconds by name. What is measured within something else counts for the inner name only."""

    def __init__(self, finish: Callable[[], object] = lambda: None) -> None:
        """finish: waits for what a device still has to do. Without it, a GPU's time goes to whoever
        asks for a result first: enough to tell data from the rest, and costs nothing."""
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._finish = finish
        self._within: list[str] = []
        self._since = 0.0

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Count the time within for `name`."""
        self._settle()
        self._within.append(name)
        try:
            yield
        finally:
            self._settle()
            self._within.pop()

    def _settle(self) -> None:
        self._finish()
        now = time.perf_counter()
        if self._within:
            self.seconds[self._within[-1]] += now - self._since
        self._since = now
