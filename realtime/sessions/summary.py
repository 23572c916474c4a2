"""What `info` says of a session: `as_text` for people, `as_json` for programs."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from calibration.printable import printable
from realtime.sessions.marks import read_marks
from realtime.sessions.reader import Session


def as_json(session: Session) -> dict[str, Any]:
    """session.json, and what the index and the marks say."""
    times_us = session.times_us
    return {
        **session.about.model_dump(mode="json"),
        "frames": len(session.rows),
        "not_recorded": sum(row.dropped_before for row in session.rows),
        "duration_s": round(times_us[-1] / 1e6, 3),
        "fps_median": _median_fps(times_us),
        "notes": list(session.notes),
        "marks": [mark.model_dump() for mark in read_marks(session.folder)],
    }


def as_text(session: Session) -> str:
    """A line for each thing."""
    about, camera, times_us = session.about, session.about.camera, session.times_us
    width, height = about.size_px
    rate = _median_fps(times_us)
    profile = about.profile.camera if about.profile else "none"
    ended = about.ended.why if about.ended else "cut off"
    lines = [
        f"{session.folder}: recorded {about.created:%Y-%m-%d %H:%M:%S} UTC from {camera.source}",
        f"pictures: {len(session.rows)} of {width}x{height}, {about.codec}",
        f"time: {times_us[-1] / 1e6:.2f} s" + (f", {rate:.1f} pictures a second" if rate else ""),
        f"asked: {_pairs(camera.asked) or 'nothing'}",
        f"settings: {_pairs(camera.settings) or 'unknown'}",
        f"profile: {profile}; model: {about.bundle or 'none'}",
        f"software: {_pairs(about.software)}",
        f"ended: {ended}" + (f" (a part of {about.cut_from})" if about.cut_from else ""),
    ]
    lines += [f"note: {line}" for line in (*camera.notes, *session.notes)]
    first_ns = session.rows[0].capture_ns
    lines += [
        f"mark: {(mark.time_ns - first_ns) / 1e9:8.2f} s  {mark.kind}  {mark.text}"
        for mark in read_marks(session.folder)
    ]
    return "\n".join(map(printable, lines))


def _median_fps(times_us: tuple[int, ...]) -> float | None:
    """From one picture to the next; pauses do not count."""
    if len(times_us) < 2:
        return None
    return round(1e6 / float(np.median([b - a for a, b in pairwise(times_us)])), 2)


def _pairs(values: Any) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
