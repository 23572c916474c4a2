"""`Tally`: what came of the messages of one stream - received, lost, damaged. No I/O."""

from __future__ import annotations

import threading
from collections import Counter

from realtime.wire import Header, seq_gap


class Tally:
    """Counts as messages come in. One thread takes them, any thread refuses and reads."""

    def __init__(self) -> None:
        self.received = 0
        """Whole messages."""
        self.lost = 0
        """Messages that never arrived whole: gaps in seq. A restart of the publisher is no gap."""
        self.restarts = 0
        """Times that the stream id changed."""
        self.repeated = 0
        """Of the received: the last good picture again, because the publisher's source is lost."""
        self.without_key = 0
        """Of the received: H.264 that cannot be decoded, for it builds on one that never came."""
        self._refused: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._last: Header | None = None
        self._first_ns = self._last_ns = 0

    @property
    def malformed(self) -> dict[str, int]:
        """Messages refused, by the reason of their `WireError`."""
        with self._lock:
            return dict(self._refused)

    @property
    def crc_errors(self) -> int:
        """Messages refused because their payload was damaged on the way."""
        return self.malformed.get("bad_crc", 0)

    @property
    def fps(self) -> float:
        """Received messages per second, from the first to the last; 0 before the second."""
        span_ns = self._last_ns - self._first_ns
        return (self.received - 1) * 1e9 / span_ns if span_ns > 0 else 0.0

    def take(self, header: Header, now_ns: int) -> None:
        """A whole message came at `now_ns` (time.monotonic_ns)."""
        if self._last is None:
            self._first_ns = now_ns
        elif self._last.stream_id != header.stream_id:
            self.restarts += 1
        else:
            self.lost += seq_gap(self._last.seq, header.seq)
        self._last, self._last_ns = header, now_ns
        self.received += 1
        self.repeated += header.is_repeat

    def refuse(self, reason: str) -> None:
        """A message came that is none."""
        with self._lock:
            self._refused[reason] += 1
