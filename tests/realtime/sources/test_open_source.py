"""What the user wrote becomes the right kind of source, or one line that says what is wrong."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from realtime import sources
from realtime.errors import SourceNotFound, UsageError
from realtime.frame import Frame
from realtime.sources import open_source
from tests.pictures import draw_number, write_clip


def test_a_path_is_a_file_and_its_name_stays_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_clip(tmp_path / "clip.mp4", [draw_number(1)] * 3).rename(tmp_path / "7")
    monkeypatch.chdir(tmp_path)
    source = open_source("./7", pace="free")
    source.close()
    assert source.name == "7"


def test_digits_are_a_camera() -> None:
    with pytest.raises(SourceNotFound, match="camera 97"):
        open_source("97")


def test_a_device_path_is_a_camera() -> None:
    with pytest.raises(SourceNotFound, match="camera /dev/v4l/by-id/usb-none"):
        open_source("/dev/v4l/by-id/usb-none")


def test_other_protocols_are_refused_without_showing_the_login() -> None:
    with pytest.raises(UsageError, match="must begin with rtsp://") as caught:
        open_source("ftp://ann:secret@host/clip.mp4")
    assert "secret" not in str(caught.value)


class Late:
    """A source that took its time to open."""

    name, live, fps, notes = "late", True, None, ()

    def __init__(self) -> None:
        self.closed = threading.Event()

    def read(self) -> Frame | None:
        return None

    def close(self) -> None:
        self.closed.set()


def test_what_opens_too_late_is_given_up_and_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    late, go_on = Late(), threading.Event()

    def open_late(*_: object) -> Late:
        go_on.wait(30)
        return late

    monkeypatch.setattr(sources, "open_camera", open_late)
    monkeypatch.setattr(sources, "OPEN_LIMIT_S", 0.05)
    started_s = time.monotonic()
    with pytest.raises(SourceNotFound, match=r"camera 0: no answer within 0\.05 s"):
        open_source("0")
    assert time.monotonic() - started_s < 10
    go_on.set()
    assert late.closed.wait(30), "nobody else will close it"
