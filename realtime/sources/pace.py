"""`Pacer`: plays recorded pictures at their own times, as a camera would, or as fast as it goes."""

from __future__ import annotations

import time

from realtime.sources.contract import Pace

_CATCH_UP_S = 0.25
"""At real-time pace a delay up to this long is made up for; a longer one stays."""


class Pacer:
    """See `Pace`. Used by one thread."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._start_s: float | None = None
        """When the recording's time 0 is, on the monotonic clock."""

    def wait_until(self, pts_us: int) -> None:
        """Sleep until a picture of this time, since the start of the recording, is due."""
        if self._pace == "free":
            return
        now_s = time.monotonic()
        if self._start_s is None:
            self._start_s = now_s
        late_s = now_s - (self._start_s + pts_us / 1e6)
        if late_s < 0:
            time.sleep(-late_s)
        elif self._pace == "wait" or late_s > _CATCH_UP_S:
            self._start_s += late_s
