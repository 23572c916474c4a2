"""What is said of a run: one `Snapshot` of its figures, as the info message and as the report."""

from __future__ import annotations

import json
import os
import platform
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from realtime.errors import UsageError
from realtime.recording import Recording
from realtime.stats import Summary

INFO_SCHEMA = 1
REPORT_SCHEMA = 1


MOST_ON_THE_WAY = 4
"""Frames that the end can catch: one in each mailbox, one in the model, one on its way out. What is
left over then is counted as "stopped"; more of these were lost unseen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The figures of a run at one moment."""

    source: str
    source_state: str
    """opening, live, stalled, frozen, lost or ended."""
    trouble: tuple[str, ...] = ()
    """Why no new pictures go out, if so: source_lost, source_stalled, source_frozen, model_fails,
    model_stalls, publisher_stalls."""
    backend: str
    backend_trial_ms: Mapping[str, float] | None = None
    """What the backend was chosen by: name -> time for a frame; None: there was no choice."""
    bundle: str
    stream: str
    address: str
    clock: str
    codec: str
    duration_s: float
    fps_in: float
    """Frames per second that the source gave over the last seconds; `fps_out` likewise."""
    fps_out: float
    fps_mean: float
    """Frames per second from the first published frame to the last."""
    captured: int
    published: int
    """Frames that went the whole way, whether or not anybody listened."""
    sent: int
    """Messages that subscribers were sent, repeats of a lost source's last picture included."""
    dropped: dict[str, int]
    """Cause -> frames. Once the run has ended, captured = published + the sum of these."""
    latency_ms: dict[str, Summary]
    """Stage -> p50, p95, p99, max."""
    subscribers: int
    subscribers_max: int
    light: tuple[str, ...] = ()
    """How the light differs from that of training, a line each; empty if it does not."""
    recording: Recording | None = None
    """None: nothing is being recorded."""


@cache
def program_version() -> str:
    """The installed version; a bare clone that was never installed has none. It takes a search of
    the disk, so not again each second."""
    try:
        return version("headset-avatar")
    except PackageNotFoundError:
        return "not installed"


def info_message(snapshot: Snapshot) -> dict[str, Any]:
    """The JSON of the info topic."""
    return {
        "schema": INFO_SCHEMA,
        "version": program_version(),
        "stream": snapshot.stream,
        "bundle": snapshot.bundle,
        "backend": snapshot.backend,
        "backend_trial_ms": snapshot.backend_trial_ms,
        "source": {"name": snapshot.source, "state": snapshot.source_state},
        "trouble": list(snapshot.trouble),
        "codec": snapshot.codec,
        "fps": {"in": snapshot.fps_in, "out": snapshot.fps_out},
        "latency_ms": snapshot.latency_ms,
        "dropped": snapshot.dropped,
        "clock": snapshot.clock,
        "subscribers": snapshot.subscribers,
        "light": list(snapshot.light),
        "recording": asdict(snapshot.recording) if snapshot.recording else None,
    }


def report(snapshot: Snapshot, ended: str) -> dict[str, Any]:
    """The JSON of --report; `ended` says in words why the run ended."""
    return {
        "schema": REPORT_SCHEMA,
        "source": snapshot.source,
        "backend": snapshot.backend,
        "backend_trial_ms": snapshot.backend_trial_ms,
        "bundle": snapshot.bundle,
        "stream": snapshot.stream,
        "address": snapshot.address,
        "codec": snapshot.codec,
        "ended": ended,
        "duration_s": snapshot.duration_s,
        "fps": snapshot.fps_mean,
        "frames": {
            "captured": snapshot.captured,
            "published": snapshot.published,
            "dropped": snapshot.dropped,
            "sent": snapshot.sent,
        },
        "latency_ms": snapshot.latency_ms,
        "subscribers_max": snapshot.subscribers_max,
        "light": list(snapshot.light),
        "recording": asdict(snapshot.recording) if snapshot.recording else None,
        "versions": {
            "headset-avatar": program_version(),
            "python": platform.python_version(),
            "onnxruntime": version("onnxruntime"),
        },
        "platform": platform.platform(),
    }


def check_writable(path: Path) -> None:
    """Raises `UsageError` if a report cannot be written there; nothing is left behind."""
    try:
        if path.is_dir():
            raise IsADirectoryError("it is a folder")
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise _cannot_write(path, error) from error


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a file that is there whole or not at all. Raises `UsageError` if it cannot be."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise _cannot_write(path, error) from error


def _cannot_write(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"cannot write the report {path}: {error.strerror or error}: give a file in a folder that "
        "exists and may be written to"
    )
