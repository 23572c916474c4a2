"""Signals that end the program: `die_at_once` while it starts, `stop_signals` while it runs."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

_HANG_UP = (signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ()


def die_at_once() -> None:
    """Nothing has been begun that would have to be finished, and a library that hangs would keep
    Python from heeding a signal."""
    for number in _heeded():
        signal.signal(number, signal.SIG_DFL)


def stop_signals() -> threading.Event:
    """Set by the first Ctrl-C, SIGTERM or SIGHUP; a second one ends the program on the spot."""
    asked = threading.Event()

    def ask(number: int, _frame: object) -> None:
        asked.set()
        signal.signal(number, signal.SIG_DFL)

    for number in _heeded():
        signal.signal(number, ask)
    return asked


def _heeded() -> Iterator[signal.Signals]:
    """Those that whoever started the program did not take from it, as nohup does."""
    for number in (signal.SIGINT, signal.SIGTERM, *_HANG_UP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            yield number
