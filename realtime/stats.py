"""Latency percentiles and rate of a running stage, in bounded memory and cheap per frame."""

from __future__ import annotations

import threading
import time
from collections import deque

import numpy as np

Summary = dict[str, float | None]
"""Keys p50, p95, p99 and max, in milliseconds; every value is None when nothing was measured."""

_NO_MAX_NS = -(2**63)


class Latency:
    """Percentiles of the newest durations, and the longest of all.

    One thread adds, any thread reads. Exact over the ring of the newest `capacity` values, not
    estimated; only `max` remembers everything since the start.
    """

    def __init__(self, capacity: int = 4096) -> None:
        self._ring_ns = np.zeros(capacity, np.int64)
        self._max_ns = _NO_MAX_NS
        self.count = 0
        """Values added since the start."""

    def add(self, ns: int) -> None:
        """Take one duration in nanoseconds. It may be negative: two clocks can disagree."""
        self._ring_ns[self.count % len(self._ring_ns)] = ns
        self._max_ns = max(self._max_ns, ns)
        self.count += 1

    def summary(self) -> Summary:
        """p50, p95, p99 over the ring and max over all, in milliseconds to 3 decimals."""
        if self.count == 0:
            return dict.fromkeys(("p50", "p95", "p99", "max"))
        filled_ns = self._ring_ns[: min(self.count, len(self._ring_ns))]
        p50, p95, p99 = np.percentile(filled_ns, (50, 95, 99)).tolist()
        values_ns = {"p50": p50, "p95": p95, "p99": p99, "max": self._max_ns}
        return {name: round(ns / 1e6, 3) for name, ns in values_ns.items()}


class Rate:
    """Events per second over the last `window_s` seconds; one thread ticks, any thread reads."""

    def __init__(self, window_s: float = 2.0, capacity: int = 2048) -> None:
        self._window_ns = round(window_s * 1e9)
        self._ticks_ns: deque[int] = deque(maxlen=capacity)
        self._lock = threading.Lock()

    def tick(self, now_ns: int | None = None) -> None:
        """One event happened, now or at `now_ns` (time.monotonic_ns)."""
        with self._lock:
            self._ticks_ns.append(time.monotonic_ns() if now_ns is None else now_ns)

    def per_second(self, now_ns: int | None = None) -> float:
        """The rate; 0 when fewer than two events lie in the window.

        A stage that stops falls to 0 within the window: the time since the last event counts as
        soon as it is longer than the usual distance between two.
        """
        now_ns = time.monotonic_ns() if now_ns is None else now_ns
        with self._lock:
            while self._ticks_ns and self._ticks_ns[0] < now_ns - self._window_ns:
                self._ticks_ns.popleft()
            if len(self._ticks_ns) < 2:
                return 0.0
            spacings = len(self._ticks_ns) - 1
            span_ns = self._ticks_ns[-1] - self._ticks_ns[0]
            silence_ns = now_ns - self._ticks_ns[-1]
        if span_ns == 0:
            return 0.0
        overdue_ns = max(0, silence_ns - span_ns // spacings)
        return spacings * 1e9 / (span_ns + overdue_ns)
