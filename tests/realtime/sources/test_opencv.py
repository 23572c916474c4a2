"""Cameras of this machine: the errors are real, the camera is a stand-in for cv2.VideoCapture."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pytest
from simplejpeg import encode_jpeg

from calibration.opencv import cv2
from realtime.errors import SourceLost, SourceNotFound
from realtime.sources import cameras
from realtime.sources.contract import CameraRequest
from realtime.sources.opencv import OpenCVSource, open_camera

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="V4L2 devices are Linux's")
PLAIN = CameraRequest()


class Camera:
    """Gives red pictures of its own size and rate, whatever it is asked for."""

    def __init__(self, pictures: int = 1000) -> None:
        self.left, self.asked, self.released = pictures, {}, False

    def isOpened(self) -> bool:
        return True

    def set(self, prop: int, value: float) -> bool:
        self.asked[prop] = value
        return True

    def get(self, prop: int) -> float:
        known = {cv2.CAP_PROP_FPS: 30.0, cv2.CAP_PROP_EXPOSURE: 157.0}
        known[cv2.CAP_PROP_FOURCC] = cv2.VideoWriter.fourcc(*"MJPG")
        return known.get(prop, -1.0)

    def getBackendName(self) -> str:
        return "V4L2"

    def grab(self) -> bool:
        self.left -= 1
        return self.left >= 0

    def retrieve(self) -> tuple[bool, np.ndarray]:
        time.sleep(0.02)
        return True, np.full((48, 64, 3), (0, 0, 200), np.uint8)

    def release(self) -> None:
        self.released = True


def test_frames_are_rgb_read_only_and_counted() -> None:
    source = OpenCVSource(Camera(), "camera 0", PLAIN)
    frames = [source.read() for _ in range(3)]
    assert [frame.seq for frame in frames] == [0, 1, 2]
    assert frames[0].image.tolist()[0][0] == [200, 0, 0]
    assert not frames[0].image.flags.writeable
    assert frames[0].image.flags.c_contiguous
    assert frames[1].pts_us < frames[2].pts_us


def test_the_time_of_capture_is_before_the_decoding() -> None:
    source = OpenCVSource(Camera(), "camera 0", PLAIN)
    source.read()
    frame = source.read()
    age_s = (time.monotonic_ns() - frame.capture_ns) / 1e9
    assert age_s >= 0.02
    assert abs(time.time() - age_s - frame.capture_unix_us / 1e6) < 1.0


def test_what_was_asked_and_not_got_is_noted() -> None:
    camera = Camera()
    source = OpenCVSource(camera, "camera 0", CameraRequest(size_px=(640, 480), fps=60))
    assert source.notes == ("asked for 640x480, got 64x48", "asked for 60 fps, got 30")
    assert camera.asked[cv2.CAP_PROP_FRAME_WIDTH] == 640
    assert camera.asked[cv2.CAP_PROP_FRAME_HEIGHT] == 480
    assert camera.asked[cv2.CAP_PROP_FPS] == 60
    assert camera.asked[cv2.CAP_PROP_BUFFERSIZE] == 1


def test_only_what_usb_2_cannot_carry_is_asked_for_compressed() -> None:
    small, large = Camera(), Camera()
    OpenCVSource(small, "camera 0", CameraRequest(size_px=(640, 480), fps=30))
    OpenCVSource(large, "camera 0", CameraRequest(size_px=(1280, 720), fps=30))
    assert cv2.CAP_PROP_FOURCC not in small.asked
    assert large.asked[cv2.CAP_PROP_FOURCC] == cv2.VideoWriter.fourcc(*"MJPG")


def test_an_unplugged_camera_is_lost() -> None:
    camera = Camera(pictures=2)
    source = OpenCVSource(camera, "camera 0", PLAIN)
    source.read()
    source.read()
    for _ in range(2):
        with pytest.raises(SourceLost, match="camera 0: gives no more pictures"):
            source.read()
    source.close()
    assert camera.released


def test_a_camera_that_opens_and_gives_nothing_is_refused_and_released() -> None:
    camera = Camera(pictures=0)
    with pytest.raises(SourceNotFound, match="gives no picture"):
        OpenCVSource(camera, "camera 0", PLAIN)
    assert camera.released


class JpegCamera(Camera):
    """Gives what OpenCV gives of a JPEG that it is not to decode."""

    def __init__(self, *jpegs: bytes) -> None:
        super().__init__()
        self.jpegs = jpegs
        self.given = 0

    def retrieve(self) -> tuple[bool, np.ndarray]:
        jpeg = self.jpegs[min(self.given, len(self.jpegs) - 1)]
        self.given += 1
        return True, np.frombuffer(jpeg, np.uint8)[None]


JPEG = encode_jpeg(np.full((48, 64, 3), (200, 0, 0), np.uint8), quality=95)


def test_jpegs_are_decoded_here_with_what_cameras_add_to_them() -> None:
    camera = JpegCamera(JPEG, JPEG[:-2] + b"\0\0\xff\xd9", JPEG + bytes(100))
    source = OpenCVSource(camera, "camera 0", PLAIN)
    assert camera.asked[cv2.CAP_PROP_CONVERT_RGB] == 0
    for _ in range(3):
        image = source.read().image
        assert image.shape == (48, 64, 3)
        assert np.abs(image.astype(int) - (200, 0, 0)).max() < 8
    assert source.notes == ()


def test_torn_jpegs_are_left_out_and_noted_once() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    whole = encode_jpeg(noise, quality=95)
    camera = JpegCamera(JPEG, whole[: len(whole) // 2], b"", b"\xff\xd9", JPEG)
    source = OpenCVSource(camera, "camera 0", PLAIN)
    seqs = [source.read().seq for _ in range(2)]
    assert (seqs, camera.given) == ([0, 1], 5)
    assert source.notes == (
        "damaged pictures come from it, and are left out; check its cable and its port",
    )


def test_a_camera_that_gives_torn_jpegs_only_is_refused() -> None:
    with pytest.raises(SourceNotFound, match="gives no picture"):
        OpenCVSource(JpegCamera(b"\xff\xd8"), "camera 0", PLAIN)


def test_a_driver_that_opencv_cannot_make_sense_of_is_a_lost_camera() -> None:
    class Odd(Camera):
        def grab(self) -> bool:
            if self.left < 999:
                raise cv2.error("Assertion failed: buf.length == length")
            return super().grab()

    source = OpenCVSource(Odd(), "camera 0", PLAIN)
    source.read()
    source.read()
    with pytest.raises(SourceLost):
        source.read()


@linux
def test_an_index_that_does_not_exist_names_those_that_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "video4").mkdir()
    (tmp_path / "video4" / "name").write_text("Face camera\n")
    monkeypatch.setattr(cameras, "SYSFS", tmp_path)
    with pytest.raises(SourceNotFound, match=r"no /dev/video97; .* 4 \(Face camera\)"):
        open_camera("97", PLAIN)


@linux
def test_a_link_to_what_is_no_camera_is_resolved_and_refused_in_silence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    link = tmp_path / "usb-Face-video-index0"
    link.symlink_to("/dev/null")
    with pytest.raises(SourceNotFound, match=r"index0 \(.*/dev/null\): cannot be opened") as caught:
        open_camera(str(link), PLAIN)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def test_the_settings_that_the_camera_has_are_read_back() -> None:
    source = OpenCVSource(Camera(), "camera 0", PLAIN)
    assert source.settings == {"fps": 30.0, "exposure": 157.0, "pixels": "MJPG", "driver": "V4L2"}
