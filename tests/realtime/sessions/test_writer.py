"""What is written is what the camera gave, and it is in the file at once."""

from __future__ import annotations

import os
import resource
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest

from realtime.errors import SessionError
from realtime.sessions.reader import Session
from tests.realtime.sessions.recorded import frame, noise, open_writer, record


@pytest.mark.parametrize("size_px", [(64, 48), (641, 479), (33, 17), (2, 2)])
def test_the_pictures_come_back_bit_for_bit(tmp_path: Path, size_px: tuple[int, int]) -> None:
    images = noise(4, size_px)
    record(tmp_path / "s", [frame(image, seq) for seq, image in enumerate(images)])
    pictures = Session.open(tmp_path / "s").pictures()
    got = [(row.seq, image) for row, image in pictures]
    pictures.close()
    assert [seq for seq, _ in got] == [0, 1, 2, 3]
    for (_, image), wanted in zip(got, images, strict=True):
        np.testing.assert_array_equal(image, wanted)
    assert pictures.missing == ()


def test_what_was_written_can_be_read_while_it_is_being_recorded(tmp_path: Path) -> None:
    images = noise(5)
    writer = record(tmp_path / "s", [frame(i, n) for n, i in enumerate(images)], close=False)
    shutil.copytree(tmp_path / "s", tmp_path / "killed")
    writer.close("the test ended", {})
    session = Session.open(tmp_path / "killed")
    pictures = session.pictures()
    assert [row.seq for row, _ in pictures] == [0, 1, 2, 3, 4]
    pictures.close()
    assert session.notes == ("the recording was cut off; all up to there is used",)


def test_times_that_do_not_count_up_cost_no_picture(tmp_path: Path) -> None:
    images = noise(4)
    times_ns = (10_000_000, 10_000_000, 9_000_000, 50_000_000)
    frames = [frame(i, n, capture_ns=ns) for (n, i), ns in zip(enumerate(images), times_ns)]  # noqa: B905
    record(tmp_path / "s", frames)
    session = Session.open(tmp_path / "s")
    pictures = session.pictures()
    assert [row.seq for row, _ in pictures] == [0, 1, 2, 3]
    pictures.close()
    assert session.times_us == (0, 1, 2, 40_000)
    assert "the steady clock went back by 0.0 s at picture 2" in session.notes


def test_a_folder_that_exists_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    with pytest.raises(SessionError, match="exists: give the session another name"):
        open_writer(tmp_path / "s", noise(1)[0])


def test_a_file_that_may_not_grow_is_an_error_and_keeps_what_is_there(tmp_path: Path) -> None:
    """In a process of its own, whose files may not grow over 100 kB: as on a disk that is full."""
    pid = os.fork()
    if pid == 0:  # pragma: no cover
        code = 1
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
            writer = open_writer(tmp_path / "s", noise(1)[0])
            try:
                for seq, image in enumerate(noise(60)):
                    writer.write(frame(image, seq), 0)
            except SessionError as error:
                code = 0 if "File too large" in str(error) else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    session = Session.open(tmp_path / "s")
    pictures = session.pictures()
    came = [row.seq for row, _ in pictures]
    pictures.close()
    assert came == list(range(len(came)))
    assert len(came) > 5
    assert len(session.rows) - len(came) <= 1
