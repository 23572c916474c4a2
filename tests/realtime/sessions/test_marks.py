"""Marks are appended by any process, and read in the order of their time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from realtime.errors import SessionError
from realtime.frame import unix_us
from realtime.sessions.format import MARKS
from realtime.sessions.marks import append_mark, read_marks
from tests.realtime.sessions.recorded import frame, noise, record


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    record(tmp_path / "s", [frame(noise(1)[0], 0)])
    return tmp_path / "s"


def test_a_session_without_marks_has_none(folder: Path) -> None:
    assert read_marks(folder) == []


def test_marks_come_back_in_the_order_of_their_time(folder: Path) -> None:
    now_ns = time.monotonic_ns()
    append_mark(folder, "expression", "smile", now_ns)
    append_mark(folder, "light", "the lamp is off", now_ns - 2_000_000_000)
    earlier, later = read_marks(folder)
    assert (earlier.kind, earlier.text) == ("light", "the lamp is off")
    assert (later.kind, later.text, later.time_ns) == ("expression", "smile", now_ns)
    assert abs(later.unix_us - earlier.unix_us - 2_000_000) < 1_000_000
    assert abs(later.unix_us - unix_us()) < 10_000_000


def test_a_torn_last_mark_is_left_out(folder: Path) -> None:
    append_mark(folder, "note", "one")
    append_mark(folder, "note", "two")
    path = folder / MARKS
    path.write_bytes(path.read_bytes()[:-5])
    assert [mark.text for mark in read_marks(folder)] == ["one"]


def test_a_mark_belongs_into_a_session(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="a mark belongs into a session's folder"):
        append_mark(tmp_path, "note", "nowhere")
    assert list(tmp_path.iterdir()) == []
