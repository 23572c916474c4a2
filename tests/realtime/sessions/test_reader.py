"""A session opens with what is whole, and says what is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from realtime.errors import SessionError
from realtime.sessions.format import INDEX, SESSION, VIDEO
from realtime.sessions.reader import Session
from tests.realtime.sessions.recorded import frame, noise, record

COUNT = 12


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A session that was cut off while it was recorded."""
    frames = [frame(image, seq) for seq, image in enumerate(noise(COUNT))]
    writer = record(tmp_path / "s", frames, close=False)
    content = {path.name: path.read_bytes() for path in (tmp_path / "s").iterdir()}
    writer.close("the test ended", {})
    for name, data in content.items():
        (tmp_path / "s" / name).write_bytes(data)
    return tmp_path / "s"


def seqs(session: Session) -> tuple[list[int], tuple[str, ...]]:
    pictures = session.pictures()
    try:
        return [row.seq for row, _ in pictures], pictures.missing
    finally:
        pictures.close()


@pytest.mark.parametrize("lost", [1, 40, 3000, 20_000, 60_000])
def test_a_video_with_a_torn_end_opens_with_the_pictures_that_are_whole(
    folder: Path, lost: int
) -> None:
    video = folder / VIDEO
    video.write_bytes(video.read_bytes()[:-lost])
    session = Session.open(folder)
    came, missing = seqs(session)
    assert came == list(range(len(came)))
    assert COUNT - 1 - lost // 9000 <= len(came) + 1 <= COUNT
    (line,) = missing
    assert f"the index has {COUNT} pictures, the video {len(came)}" in line
    assert "are left out" in line


@pytest.mark.parametrize("lost", [1, 30, 100, 400])
def test_an_index_with_a_torn_end_opens_with_the_lines_that_are_whole(
    folder: Path, lost: int
) -> None:
    index = folder / INDEX
    index.write_bytes(index.read_bytes()[:-lost])
    session = Session.open(folder)
    assert COUNT - 1 - lost // 90 <= len(session.rows) < COUNT
    came, missing = seqs(session)
    assert came == list(range(len(session.rows)))
    assert missing == ()


def test_damage_in_the_middle_costs_the_pictures_that_it_hits(folder: Path) -> None:
    video = folder / VIDEO
    data = bytearray(video.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 200] = bytes(200)
    video.write_bytes(data)
    came, missing = seqs(Session.open(folder))
    lost = set(range(COUNT)) - set(came)
    assert lost <= {5, 6, 7}  # NUT finds its way again at the next start code
    assert came == sorted(came)
    assert "damaged and left out" in missing[0]


def test_a_damaged_line_in_the_middle_of_the_index_is_named(folder: Path) -> None:
    index = folder / INDEX
    lines = index.read_text().splitlines()
    lines[3] = lines[3].replace("seq", "sxq")
    index.write_text("\n".join(lines) + "\n")
    with pytest.raises(SessionError, match=r"index\.jsonl, line 4: .* the file is damaged"):
        Session.open(folder)


def test_an_empty_index_is_said_so(folder: Path) -> None:
    (folder / INDEX).write_bytes(b'{"seq":0')
    with pytest.raises(SessionError, match="cut off before its first picture"):
        Session.open(folder)


def test_no_session_and_a_damaged_one_are_told_apart(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SessionError, match=r"cannot read session\.json .* --record wrote"):
        Session.open(tmp_path)
    (folder / SESSION).write_text('{"version": 2}')
    with pytest.raises(SessionError, match=r"version: Input should be 1 .*another version"):
        Session.open(folder)


def test_a_clock_that_was_set_is_said_and_the_times_go_on(tmp_path: Path) -> None:
    frames = [
        frame(image, seq, jump_us=3_600_000_000 if seq >= 4 else 0)
        for seq, image in enumerate(noise(8))
    ]
    record(tmp_path / "s", frames)
    session = Session.open(tmp_path / "s")
    assert session.notes == (
        "the machine's clock jumped by +3600.0 s before picture 4; replays follow the steady clock",
    )
    assert np.ptp(np.diff(session.times_us)) <= 1
