"""What a run says: a status line rewritten in place on a terminal, plain lines elsewhere, JSON."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TextIO

from calibration.printable import printable
from realtime.log import Log
from realtime.recording import Recording
from realtime.report import Snapshot, info_message

_TERMINAL_PERIOD_S = 0.5
_PLAIN_PERIOD_S = 5.0
_NAME_WIDTH = 32


class StatusLine:
    """Writes to `stream` until `close`; any thread may `say` something. That nobody reads it stops
    nothing."""

    def __init__(self, stream: TextIO, *, as_json: bool = False) -> None:
        """`as_json`: one object a line, with `time` and either `event` or `figures`."""
        self._stream, self._as_json = stream, as_json
        self._log = Log(stream, self._lost)
        self._terminal = stream.isatty() and not as_json
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
        figures = snapshot()
        if self._as_json:
            self._write(_json_line(figures=info_message(figures)))
        elif self._terminal:
            width = os.get_terminal_size(self._stream.fileno()).columns - 1
            self._write(f"\r\x1b[K{printable(format_status(figures))[:width]}", on_line=True)
        else:
            self._write(printable(format_status(figures)) + "\n")

    def say(self, text: str) -> None:
        """A line that stays, above the status line."""
        self._write(self._line(text if self._as_json else printable(text)))

    def draw(self, text: str) -> None:
        """As `say`, of this program's own making: several lines, colours."""
        self._write(self._line(text))

    def clear(self) -> None:
        """Take the status line away from the terminal."""
        self._write("")

    def close(self) -> None:
        """Nothing more will come; waits until all is written, a second at most."""
        self._log.close()

    def _line(self, text: str) -> str:
        return _json_line(event=text) if self._as_json else f"launch: {text}\n"

    def _lost(self, count: int) -> str:
        return self._line(f"{count} lines are missing here: nobody read what came before them")

    def _write(self, text: str, *, on_line: bool = False) -> None:
        if on_line and self._log.waits:
            return  # nobody looks, or the terminal is slow: another one comes soon
        with self._lock:
            clear = "\r\x1b[K" if self._on_line and not on_line else ""
            self._log.write(clear + text)
            self._on_line = on_line


def _json_line(**content: Any) -> str:
    return json.dumps({"time": datetime.now(UTC).isoformat(), **content}) + "\n"


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
