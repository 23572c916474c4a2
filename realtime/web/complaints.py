"""`Complaints`: what is wrong with what strangers send, said once a kind and counted."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable


class Complaints:
    """A stranger can do wrong ten thousand times a second; the terminal hears of it once."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self.counts: Counter[str] = Counter()
        """Kind -> how often so far."""

    def add(self, kind: str, text: str) -> None:
        """Count one; the first of its kind is said, as `text`."""
        self.counts[kind] += 1
        if self.counts[kind] == 1:
            self._say(f"web: {text} (said once)")

    def summarise(self) -> None:
        """Say how often each kind came that came more than once."""
        for kind, count in self.counts.items():
            if count > 1:
                self._say(f"web: {kind}: {count} times")


class ComplaintHandler(logging.Handler):
    """Makes complaints of what a library logs."""

    def __init__(self, complaints: Complaints) -> None:
        super().__init__(logging.WARNING)
        self._complaints = complaints

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        kind = type(error).__name__ if error else record.msg
        self._complaints.add(kind, f"{record.getMessage()}{f': {error!r}' if error else ''}")
