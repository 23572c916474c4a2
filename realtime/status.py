"""The status line: rewritten in place on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import TextIO

from realtime.recording import Recording
from realtime.report import Snapshot

_TERMINAL_PERIOD_S = 0.5
_PLAIN_PERIOD_S = 5.0
_NAME_WIDTH = 32


class StatusLine:
    """Writes to `stream`; any thread may `say` something."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._period_s = _TERMINAL_PERIOD_S if self._terminal else _PLAIN_PERIOD_S
        self._next_s = time.monotonic() + self._period_s
        self._on_line = False
        self._lock = threading.Lock()

    def update(self, snapshot: Callable[[], Snapshot]) -> None:
        """Show the figures if it is time to; they are asked for only then."""
        now_s = time.monotonic()
        if now_s < self._next_s:
            return
        self._next_s = now_s + self._period_s
        text = format_status(snapshot())
        with self._lock:
            if self._terminal:
                width = os.get_terminal_size(self._stream.fileno()).columns - 1
                self._stream.write(f"\r\x1b[K{text[:width]}")
                self._on_line = True
            else:
                self._stream.write(text + "\n")
            self._stream.flush()

    def say(self, text: str) -> None:
        """A line that stays, above the status line."""
        self._write(f"launch: {text}\n")

    def clear(self) -> None:
        """Take the status line away from the terminal."""
        self._write("")

    def _write(self, text: str) -> None:
        with self._lock:
            self._stream.write(("\r\x1b[K" if self._on_line else "") + text)
            self._stream.flush()
            self._on_line = False


def format_status(snapshot: Snapshot) -> str:
    """One line; what matters most comes first, because a narrow terminal cuts the end off."""
    name = snapshot.source
    if len(name) > _NAME_WIDTH:
        name = f"...{name[3 - _NAME_WIDTH :]}"
    state = "" if snapshot.source_state == "live" else f" ({snapshot.source_state})"
    stages = sorted(snapshot.latency_ms, key=lambda stage: stage != "total")
    latency = " ".join(
        f"{stage} {_short(figures['p50'])}/{_short(figures['p95'])}"
        for stage in stages
        if (figures := snapshot.latency_ms[stage])["p50"] is not None
    )
    return (
        f"{name}{state} | {snapshot.backend} | fps in {snapshot.fps_in:.1f} "
        f"out {snapshot.fps_out:.1f} | drops {_drops(snapshot.dropped)} | "
        f"{_recording(snapshot.recording)}watching {snapshot.subscribers} | "
        f"ms p50/p95: {latency or '-'}"
    )


def format_summary(snapshot: Snapshot) -> str:
    """The last line of a run."""
    total = snapshot.latency_ms["total"]
    return (
        f"published {snapshot.published} of {snapshot.captured} frames in "
        f"{snapshot.duration_s:.1f} s ({snapshot.fps_mean:.1f} fps), "
        f"drops {_drops(snapshot.dropped)}, "
        f"camera to network p50 {_short(total['p50'])} ms, p95 {_short(total['p95'])} ms"
    )


def format_recording(recording: Recording) -> str:
    """The last line of a recording."""
    return (
        f"recorded {recording.frames} frames in {recording.folder}, drops "
        f"{_drops(recording.dropped)}"
    )


def _recording(recording: Recording | None) -> str:
    if recording is None:
        return ""
    if recording.state == "failed":
        return "recording stopped | "
    return f"recorded {recording.frames} drops {_drops(recording.dropped)} | "


def _drops(dropped: dict[str, int]) -> str:
    causes = [f"{cause} {count}" for cause, count in dropped.items() if count]
    return ", ".join(causes) or "0"


def _short(ms: float | None) -> str:
    if ms is None:
        return "-"
    return f"{ms:.0f}" if ms >= 10 else f"{ms:.1f}"
