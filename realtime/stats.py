"""Latency percentiles and rate of a running stage, in bounded memory and cheap per frame."""

from __future__ import annotations

import threading
import time
from array import array
from collections import deque

import numpy as np
from numpy.typing import NDArray

Summary = dict[str, float | None]
"""Keys p50, p95, p99 and max, in milliseconds; every value is None when nothing was measured."""

_NO_MAX_NS = -(2**63)


class Latency:
    """Percentiles of the newest durations, and the longest of all.

    One thread adds, any thread reads. Exact over the ring of the newest `capacity` values, not
    estimated; only `max` remembers everything since the start.
    """

    def __init__(self, capacity: int = 4096) -> None:
        self._ring_ns = array("q", bytes(8 * capacity))
        self._capacity, self._max_ns = capacity, _NO_MAX_NS
        self.count = 0
        """Values added since the start."""

    def add(self, ns: int) -> None:
        """Take one duration in nanoseconds. It may be negative: two clocks can disagree."""
        count = self.count
        self._ring_ns[count % self._capacity] = ns
        self.count = count + 1
        if ns > self._max_ns:
            self._max_ns = ns

    def summary(self) -> Summary:
        """p50, p95, p99 over the ring and max over all, in milliseconds to 3 decimals."""
        if self.count == 0:
            return dict.fromkeys(("p50", "p95", "p99", "max"))
        ordered_ns = np.sort(np.frombuffer(self._ring_ns, np.int64)[: self.count])
        values_ns = {f"p{percent}": _percentile(ordered_ns, percent) for percent in (50, 95, 99)}
        values_ns["max"] = self._max_ns
        return {name: round(ns / 1e6, 3) for name, ns in values_ns.items()}


def _percentile(ordered: NDArray[np.int64], percent: int) -> float:
    """As numpy.percentile, which takes three times as long."""
    whole, rest = divmod((len(ordered) - 1) * percent, 100)
    # Python's numbers, which do not overflow.
    low, high = int(ordered[whole]), int(ordered[min(whole + 1, len(ordered) - 1)])
    return low + (high - low) * rest / 100


class Rate:
    """Events per second over the last `window_s` seconds; one thread ticks, any thread reads."""

    def __init__(self, window_s: float = 2.0, capacity: int = 2048) -> None:
        self._window_ns = round(window_s * 1e9)
        self._ticks_ns: deque[int] = deque(maxlen=capacity)
        self._lock = threading.Lock()

    def tick(self, now_ns: int | None = None) -> None:
        """One event happened, now or at `now_ns` (time.monotonic_ns)."""
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
