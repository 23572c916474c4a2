"""What keeps a run going when a part of it fails: `Pulse` of a thread, `Failures` of a step.

Nothing here knows what the thread or the step is; `realtime.watchdog` looks at the pulses.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

STALLED_S = 1.0
"""A thread, or a camera, that has given no sign of life for this long is stalled."""
GIVE_UP_S = 3.0
"""A step that has failed on every frame for this long will not recover by itself."""
_CALM_S = 10.0
"""An episode of failures ends after so long without one: a step that fails now and then says so
once, not at every turn."""


class Pulse:
    """The last sign of life of one step, in whichever thread it is done; any thread may ask."""

    def __init__(self) -> None:
        self._last_ns: int | None = time.monotonic_ns()
        self.thread = threading.get_ident()
        """Where the step last gave a sign of life."""

    def beat(self) -> None:
        """The step goes on, here."""
        self.thread = threading.get_ident()
        self._last_ns = time.monotonic_ns()

    def rest(self) -> None:
        """What follows, until the next beat, is another step's doing."""
        self._last_ns = None

    @property
    def silent_s(self) -> float:
        """Since the last beat; 0 at rest."""
        last_ns = self._last_ns
        return 0.0 if last_ns is None else (time.monotonic_ns() - last_ns) / 1e9


class Failures:
    """A step that may fail on a frame: the frame is left out and counted, and it is said once.

    For the thread that does the step; any thread may read the attributes.
    """

    def __init__(self, on_event: Callable[[str], None]) -> None:
        self.count = 0
        """Frames left out since the start."""
        self.error: Exception | None = None
        """What failed on the newest frame; None if that went through."""
        self._on_event = on_event
        self._began_s = self._last_s = float("-inf")
        self._episode = 0

    def failed(self, error: Exception) -> None:
        """Count a frame that `error` took; raises it once every frame has failed for GIVE_UP_S."""
        now_s = time.monotonic()
        if now_s - self._last_s > _CALM_S:
            self._episode = 0
        if self.error is None:
            self._began_s = now_s
        self.error, self._last_s = error, now_s
        self.count += 1
        self._episode += 1
        if self._episode == 1:
            self._on_event(f"{describe(error)}; the frame is left out")
        if now_s - self._began_s > GIVE_UP_S:
            raise error

    def worked(self) -> None:
        """A frame went through."""
        self.error = None


def start_thread(thread: threading.Thread) -> None:
    """Start it. Raises `MemoryError` where there is no room for one, which may pass."""
    try:
        thread.start()
    except RuntimeError as error:
        if "start new thread" not in str(error):
            raise
        raise MemoryError("no room for another thread") from error


def describe(error: BaseException) -> str:
    """The error in one line, also where Python gives it no words of its own."""
    if isinstance(error, MemoryError):
        return f"out of memory ({' '.join(str(error).split())[:200] or 'no room for a picture'})"
    return str(error) or type(error).__name__
