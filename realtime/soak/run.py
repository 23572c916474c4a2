"""`Soak`: drives the schedule, watches the stream as a client does, keeps one record a window."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from realtime.client import Client
from realtime.soak.camera import SoakCamera
from realtime.soak.faults import CAMERA_FAULTS, Injector
from realtime.soak.figures import percentiles_ms
from realtime.soak.process import Launched
from realtime.soak.schedule import Fault
from realtime.wire import Packet

_READ_S = 0.1
_AFTER_S = 3.0
"""A fault's window is not clean until this long after its end."""


class Soak:
    """One run. `on_window` gets each window's record as soon as it is whole."""

    def __init__(
        self,
        launched: Launched,
        client: Client,
        camera: SoakCamera,
        faults: tuple[Fault, ...],
        on_window: Callable[[dict[str, Any]], None],
    ) -> None:
        self._launched, self._client, self._on_window = launched, client, on_window
        self._injector = Injector(camera, launched.address)
        self._faults, self._next = faults, deque(faults)
        self._now: Fault | None = None
        self._start_s = time.monotonic()
        self._ages_ms: list[float] = []
        self._last_capture_us = 0
        self._stream_id = 0
        self._recovering: tuple[Fault, float, int] | None = None
        self.recoveries: list[dict[str, Any]] = []
        """Of each camera fault: how long after its end the first new picture came."""
        self.old_as_new = 0
        """Pictures not marked as old that were no newer than one before them."""

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._start_s

    def run(self, duration_s: float, window_s: float) -> None:
        """Until the time is over or the program has ended."""
        start_s, before = self.elapsed_s, self._launched.counters()
        while self.elapsed_s < duration_s and self._launched.alive:
            self._turn_faults()
            packet = self._client.read(_READ_S)
            if packet is not None:
                self._take(packet)
            if self.elapsed_s - start_s >= window_s:
                after = self._launched.counters()
                self._on_window(self._window(start_s, before, after))
                start_s, before = self.elapsed_s, after
        self._injector.end()
        self._close_recovery()

    def _turn_faults(self) -> None:
        if self._now is not None and self.elapsed_s >= self._now.end_s:
            self._injector.end()
            if self._now.kind in CAMERA_FAULTS:
                self._recovering = (self._now, time.monotonic(), time.time_ns() // 1000)
            self._now = None
        if self._now is None and self._next and self.elapsed_s >= self._next[0].start_s:
            self._close_recovery()
            self._now = self._next.popleft()
            self._injector.begin(self._now.kind)

    def _take(self, packet: Packet) -> None:
        header = packet.header
        if header.is_repeat:
            return
        if header.stream_id == self._stream_id and header.capture_us <= self._last_capture_us:
            self.old_as_new += 1
        self._stream_id, self._last_capture_us = header.stream_id, header.capture_us
        self._ages_ms.append(self._client.age_ms(packet))
        if self._recovering and header.capture_us > self._recovering[2]:
            self._close_recovery()

    def _close_recovery(self) -> None:
        """Keep how long it took, or has taken so far without success."""
        if self._recovering:
            fault, ended_s, _ = self._recovering
            took_s = round(time.monotonic() - ended_s, 2)
            self.recoveries.append({"kind": fault.kind, "took_s": took_s})
            self._recovering = None

    def _window(
        self, start_s: float, before: dict[str, float], after: dict[str, float]
    ) -> dict[str, Any]:
        end_s, ages_ms = self.elapsed_s, self._ages_ms
        self._ages_ms = []
        span_s = after["avatar_run_seconds"] - before["avatar_run_seconds"]
        published = after["avatar_frames_published_total"] - before["avatar_frames_published_total"]
        return {
            "start_s": round(start_s, 1),
            "end_s": round(end_s, 1),
            "fps": round(published / span_s, 3),
            "age_ms": percentiles_ms(ages_ms),
            "process": self._launched.memory(),
            "captured": int(after["avatar_frames_captured_total"]),
            "published": int(after["avatar_frames_published_total"]),
            "faults": [
                {name: value for name, value in asdict(fault).items() if name != "length_s"}
                for fault in self._faults
                if fault.start_s < end_s and fault.end_s + _AFTER_S > start_s
            ],
        }
