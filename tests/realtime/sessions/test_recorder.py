"""The recorder never holds up a camera, and says once what went wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from calibration.profile import CameraProfile
from realtime.errors import SessionError
from realtime.frame import Frame
from realtime.sessions import recorder as recorder_module
from realtime.sessions.reader import Session, read_about
from realtime.sessions.recorder import Recorder
from realtime.sessions.writer import SessionWriter
from realtime.sources.contract import CameraRequest
from tests.realtime.sessions.recorded import frame, noise

PATIENCE_S = 10.0


class Camera:
    """What a recorder asks of a source."""

    name, fps, notes = "rtsp://***@camera/", 30.0, ("asked for 60 fps, got 30",)

    def __init__(self, *, live: bool = True) -> None:
        self.live = live
        self.settings = {"exposure": 157.0, "pixels": "MJPG"}

    def read(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        pass


class Desk:
    """A recorder, and what it said."""

    def __init__(self, folder: Path) -> None:
        self.said: list[str] = []
        self.recorder = Recorder(
            folder,
            request=CameraRequest(fps=60.0),
            profile=CameraProfile(camera="a test"),
            bundle="tiny@0000",
            on_event=self.said.append,
        )

    def wait_until(self, done: Callable[[], bool]) -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        while not done():
            assert time.monotonic() < deadline_s, self.recorder.snapshot()
            time.sleep(0.005)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "new" / "s")
    yield desk
    desk.recorder.close("the test ended")


def test_what_is_known_of_the_camera_goes_into_the_session(desk: Desk) -> None:
    desk.recorder.offer(frame(noise(1)[0], 0), Camera())
    desk.recorder.close("the test ended")
    session = Session.open(Path(desk.recorder.snapshot().folder))
    about = session.about
    assert about.camera.source == "rtsp://***@camera/"
    assert about.camera.asked == {"fps": 60.0}
    assert about.camera.settings == {"exposure": 157.0, "pixels": "MJPG"}
    assert about.camera.notes == ("asked for 60 fps, got 30",)
    assert about.profile == CameraProfile(camera="a test")
    assert about.bundle == "tiny@0000"
    assert {"headset-avatar", "python", "av"} <= about.software.keys()
    assert about.ended is not None
    assert (about.ended.why, about.ended.frames) == ("the test ended", 1)
    assert desk.said == []


def test_a_camera_is_never_held_up_and_what_is_not_recorded_is_counted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = recorder_module.SessionWriter.write

    def slow_write(*arguments: object) -> None:
        time.sleep(0.02)
        write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(recorder_module.SessionWriter, "write", slow_write)
    images = noise(8)
    count = 3 * recorder_module._QUEUED
    for seq in range(count):
        desk.recorder.offer(frame(images[seq % 8], seq), Camera())
    desk.recorder.close("the test ended")
    now = desk.recorder.snapshot()
    assert now.dropped["recorder_busy"] > 0
    assert now.frames + now.dropped["recorder_busy"] == count
    rows = Session.open(Path(now.folder)).rows
    assert rows[-1].seq + 1 == len(rows) + sum(row.dropped_before for row in rows)


def test_a_file_waits_for_the_recorder_and_is_recorded_whole(desk: Desk) -> None:
    images = noise(8)
    count = 3 * recorder_module._QUEUED
    for seq in range(count):
        desk.recorder.offer(frame(images[seq % 8], seq), Camera(live=False))
    desk.recorder.close("the test ended")
    assert desk.recorder.snapshot().frames == count


@pytest.mark.parametrize("live", [True, False])
def test_only_a_cameras_picture_waits_until_the_model_has_done_with_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, live: bool
) -> None:
    write, ages_s = recorder_module.SessionWriter.write, []

    def noting_write(writer: SessionWriter, taken: Frame, dropped_before: int) -> None:
        ages_s.append((time.monotonic_ns() - taken.capture_ns) / 1e9)
        write(writer, taken, dropped_before)

    monkeypatch.setattr(recorder_module, "_AFTER_S", 0.5)
    monkeypatch.setattr(recorder_module.SessionWriter, "write", noting_write)
    just_taken = frame(noise(1)[0], 0, capture_ns=time.monotonic_ns())
    desk.recorder.offer(just_taken, Camera(live=live))
    desk.wait_until(lambda: desk.recorder.snapshot().frames == 1)
    assert (ages_s[0] >= 0.5) is live


def test_pictures_of_another_size_end_the_recording_with_one_line(desk: Desk) -> None:
    small, large = noise(1), noise(4, (128, 96))
    desk.recorder.offer(frame(small[0], 0), Camera())
    for seq, image in enumerate(large, 1):
        desk.recorder.offer(frame(image, seq), Camera())
    desk.wait_until(lambda: sum(desk.recorder.snapshot().dropped.values()) == 4)
    (line,) = desk.said
    assert "the source changed from 64x48 to 128x96 pixels" in line
    assert "1 pictures are recorded, the stream goes on" in line
    now = desk.recorder.snapshot()
    assert (now.state, now.frames, now.dropped["failed"]) == ("failed", 1, 4)
    ended = read_about(Path(now.folder)).ended
    assert ended is not None
    assert ended.why.startswith("failed: the source changed")


def test_a_folder_that_exists_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="exists: give the session another name"):
        Desk(tmp_path)


def test_without_a_picture_no_folder_is_left(desk: Desk) -> None:
    folder = Path(desk.recorder.snapshot().folder)
    assert folder.is_dir()
    desk.recorder.close("the test ended")
    assert not folder.exists()
