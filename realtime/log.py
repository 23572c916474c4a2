"""`Log`: text for a terminal or a pipe, from any thread; whoever reads it slowly holds nothing up.

A write waits for its reader: for one that was stopped, a terminal in which somebody marks text, a
log collector that hangs. Then every thread that has something to say would stand still in turn, the
main thread first, which is the one that heeds signals. So a thread of its own writes.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import TextIO

from realtime.health import start_thread

THREAD = "log"
"""Its name. One that is still there after `Log.close` hangs in a write and holds the stream."""
_MOST_WAITING = 1000
_CLOSE_S = 1.0


class Log:
    """Writes in order what it is given until `close`."""

    def __init__(self, stream: TextIO, on_loss: Callable[[int], str]) -> None:
        """`on_loss`: the text that says, once there is room again, how many were not written."""
        self._stream, self._on_loss = stream, on_loss
        self._queue: queue.Queue[str | None] = queue.Queue(_MOST_WAITING)
        self._lost = 0
        self._thread: threading.Thread | None = threading.Thread(
            target=self._run, name=THREAD, daemon=True
        )
        try:
            start_thread(self._thread)
        except MemoryError:  # which is to be said all the same
            self._thread = None

    @property
    def waits(self) -> bool:
        """Something has not been written yet."""
        return not self._queue.empty()

    def write(self, text: str) -> None:
        """Write it soon; left out and counted while too much waits."""
        if self._thread is None:
            self._write(text)
            return
        try:
            if self._lost:
                self._queue.put_nowait(self._on_loss(self._lost))
                self._lost = 0
            self._queue.put_nowait(text)
        except queue.Full:
            self._lost += 1

    def close(self) -> None:
        """Write what waits, for a second at most."""
        if self._thread is not None:
            with contextlib.suppress(queue.Full):
                self._queue.put(None, timeout=_CLOSE_S)
            self._thread.join(_CLOSE_S)

    def _run(self) -> None:
        while (text := self._queue.get()) is not None:
            self._write(text)

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError):  # the terminal or the log's reader is gone
            self._stream.write(text)
            self._stream.flush()
