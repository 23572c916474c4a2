"""Sessions come from other people: nothing in one leads out of its folder, or fills memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from calibration.errors import BadImages
from calibration.images import pictures
from realtime.errors import SessionError
from realtime.sessions import lines
from realtime.sessions.__main__ import run
from realtime.sessions.format import INDEX, MARKS, VIDEO
from realtime.sessions.marks import append_mark, read_marks
from realtime.sessions.reader import Session
from tests.end_to_end.break_in.sessions import (
    DAMAGES,
    Damage,
    link,
    other_codec,
    playlist,
    say,
    write_session,
)
from train.data import open_source
from train.data.pixels import Undecodable
from train.errors import BadData


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_session(tmp_path / "s")


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_what_no_recorder_writes_is_refused(folder: Path, damage: Damage) -> None:
    damage(folder)
    with pytest.raises(SessionError) as error:
        Session.open(folder).pictures()
    assert DAMAGES[damage] in str(error.value)


@pytest.mark.parametrize("damage", [playlist, other_codec, link(VIDEO)])
def test_no_other_reader_takes_such_a_video_either(
    folder: Path, tmp_path: Path, damage: Damage
) -> None:
    damage(folder)
    assert run(["trim", str(folder), "--out", str(tmp_path / "part")]) == 1
    assert not (tmp_path / "part").exists()
    with pytest.raises((BadData, Undecodable)):
        [picture.decode() for picture in open_source(folder).pictures()]
    if damage is not other_codec:  # OpenCV does not say which it is, and decodes it
        with pytest.raises(BadImages, match=r"video\.nut"):
            list(pictures(folder))


def test_a_session_has_so_many_lines_at_most(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST_LINES", 5)
    assert len(Session.open(folder).rows) == 5
    monkeypatch.setattr(lines, "MOST_LINES", 4)
    with pytest.raises(SessionError, match=r"line 5: a session has 4 lines"):
        Session.open(folder)


def test_marks_are_neither_read_nor_copied_nor_written_through_a_link(
    folder: Path, tmp_path: Path
) -> None:
    append_mark(folder, "note", "first")
    link(MARKS)(folder)
    before = (folder / MARKS).read_bytes()
    with pytest.raises(SessionError, match=r"marks\.jsonl is a symbolic link"):
        read_marks(folder)
    assert run(["export-frames", str(folder), "--out", str(tmp_path / "out")]) == 1
    assert not (tmp_path / "out").exists()
    for target in (folder / MARKS).resolve(), tmp_path / "not there yet":
        (folder / MARKS).unlink()
        (folder / MARKS).symlink_to(target)
        with pytest.raises(SessionError, match=r"marks\.jsonl is a symbolic link"):
            append_mark(folder, "note", "second")
    assert (tmp_path / f"elsewhere-{MARKS}").read_bytes() == before
    assert not (tmp_path / "not there yet").exists()


def test_training_does_not_read_an_index_through_a_link(folder: Path) -> None:
    link(INDEX)(folder)
    with pytest.raises(BadData, match=r"index\.jsonl is a symbolic link"):
        list(open_source(folder).pictures())


def test_what_a_session_says_does_not_steer_the_terminal(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    say(bundle="\x1b]0;mine\x07", ended={"why": "failed\n\x1b[2J", "frames": 5, "dropped": {}})(
        folder
    )
    assert run(["info", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "model: ?]0;mine?" in said
    assert "failed??[2J" in said
    assert "\x1b" not in said
