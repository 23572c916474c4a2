"""Marks: `append_mark` says in a session what happened when, `read_marks` tells it again."""

from __future__ import annotations

import time
from pathlib import Path

from calibration.recorded import objection
from realtime.errors import SessionError
from realtime.frame import unix_us
from realtime.sessions.format import MARKS, SESSION, Mark
from realtime.sessions.lines import read_lines


def append_mark(session: Path, kind: str, text: str, time_ns: int | None = None) -> Mark:
    """Add a line to a session's marks; any process may, also while it is being recorded.

    time_ns: when it happened, on time.monotonic_ns() of the machine that records; None is now.
    Raises `SessionError` if `session` is none, or cannot be written to.
    """
    age_ns = 0 if time_ns is None else time.monotonic_ns() - time_ns
    mark = Mark(
        time_ns=time.monotonic_ns() if time_ns is None else time_ns,
        unix_us=unix_us() - age_ns // 1000,
        kind=kind,
        text=text,
    )
    if not (session / SESSION).is_file():
        raise SessionError(f"{session}: holds no {SESSION}; a mark belongs into a session's folder")
    if (why := objection(session / MARKS)) is not None:
        raise SessionError(why)
    try:
        # One write of one line in append mode: lines of several writers do not mix.
        with (session / MARKS).open("ab", buffering=0) as file:
            file.write(mark.model_dump_json().encode() + b"\n")
    except OSError as error:
        raise SessionError(f"cannot write {session / MARKS}: {error.strerror}") from error
    return mark


def read_marks(session: Path) -> list[Mark]:
    """The marks in the order of their time; a torn last line is left out. Raises `SessionError`."""
    path = session / MARKS
    marks = read_lines(path, Mark)[0] if path.exists() else []
    return sorted(marks, key=lambda mark: mark.time_ns)
