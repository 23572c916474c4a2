"""Ctrl-C and SIGTERM as questions: a run finishes its step, saves, and then ends."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Asked:
    """Which signal has asked a run to stop, if any."""

    signal: signal.Signals | None = None

    @property
    def exit_code(self) -> int:
        """What a shell expects of a program that a signal has ended."""
        return 128 + self.signal if self.signal else 0


@contextmanager
def stop_when_asked() -> Iterator[Asked]:
    """Within: the first signal is noted, a second one breaks off as usual. Main thread only."""
    asked = Asked()

    def note(number: int, frame: FrameType | None) -> None:
        asked.signal = signal.Signals(number)
        for name, handler in before.items():
            signal.signal(name, handler)

    before = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    for name in before:
        signal.signal(name, note)
    try:
        yield asked
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
