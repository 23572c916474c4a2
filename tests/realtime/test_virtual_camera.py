"""`--virtual-camera`: what is handed to pyvirtualcam, and each way in which there is none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from realtime.client.__main__ import run
from realtime.client.virtual_camera import SIZE_PX, VirtualCamera
from realtime.errors import UsageError
from realtime.wire import Packet
from tests.realtime.broadcast import Broadcast, header, picture

ROOT = Path(__file__).parent.parent.parent
PACKET = Packet(topic="avatar/main", header=header(), payload=picture(0).tobytes())


class StandInCamera:
    """What pyvirtualcam.Camera takes and does, without a device."""

    opened: list[StandInCamera]
    failure: Exception | None = None

    def __init__(self, width: int, height: int, fps: float, *, device: str | None = None) -> None:
        if self.failure is not None:
            raise self.failure
        self.shape, self.fps = (height, width, 3), fps
        self.device = device or "/dev/video7"
        self.sent: list[np.ndarray] = []
        self.closed = False
        self.opened.append(self)

    def send(self, frame: np.ndarray) -> None:
        if self.failure is not None:
            raise self.failure
        assert (frame.shape, frame.dtype) == (self.shape, np.uint8)
        self.sent.append(frame)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def pyvirtualcam(monkeypatch: pytest.MonkeyPatch) -> type[StandInCamera]:
    """A stand-in for the package; the class's `failure` is raised by it."""

    class Camera(StandInCamera):
        opened: list[StandInCamera] = []  # noqa: RUF012  # a fresh one for each test

    module = ModuleType("pyvirtualcam")
    module.Camera = Camera  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pyvirtualcam", module)
    return Camera


def test_pictures_of_any_size_stand_in_the_middle_of_the_camera(
    pyvirtualcam: type[StandInCamera],
) -> None:
    camera = VirtualCamera(None)
    for shape in ((256, 256, 3), (100, 50, 3)):
        assert camera.put(PACKET, np.full(shape, (250, 100, 0), np.uint8))
    assert (camera.name, camera.taken, camera.dropped) == ("/dev/video7", 2, 0)
    assert camera.close() is None
    (opened,) = pyvirtualcam.opened
    assert opened.closed
    width, height = SIZE_PX
    for frame in opened.sent:
        assert frame[height // 2, width // 2].tolist() == [250, 100, 0]
        assert not frame[height // 2, 0].any()
    assert opened.sent[0][:, width // 2 - 300].all(axis=0)[0]


@pytest.mark.parametrize(
    ("given", "device"),
    [
        (["ADDRESS", "--virtual-camera"], "/dev/video7"),
        (["ADDRESS", "--virtual-camera", "/dev/video9"], "/dev/video9"),
        (["--virtual-camera", "--headless", "ADDRESS"], "/dev/video7"),
        (["--virtual-camera", "/dev/video9", "--headless", "ADDRESS"], "/dev/video9"),
    ],
)
def test_the_command_feeds_it(
    pyvirtualcam: type[StandInCamera], given: list[str], device: str
) -> None:
    with Broadcast() as broadcast:
        arguments = [broadcast.address if each == "ADDRESS" else each for each in given]
        arguments += [] if "--headless" in given else ["--headless"]
        assert run([*arguments, "--frames", "3"]) == 0
    (opened,) = pyvirtualcam.opened
    assert opened.device == device
    assert len(opened.sent) == 3
    assert opened.closed


# As pyvirtualcam 0.15 says it.
NO_DEVICE = RuntimeError(
    "'v4l2loopback' backend: No v4l2 loopback device found at /dev/video[0-99]. Did you run "
    "'modprobe v4l2loopback'? See also pyvirtualcam's documentation."
)
TWO_BACKENDS = RuntimeError("'obs' backend: not installed.\n'unitycapture' backend: not installed.")


@pytest.mark.parametrize(
    ("platform", "failure", "cure"),
    [
        ("linux", NO_DEVICE, "modprobe v4l2loopback exclusive_caps=1"),
        ("win32", TWO_BACKENDS, "install OBS"),
        ("darwin", TWO_BACKENDS, "install OBS"),
        ("freebsd14", NO_DEVICE, "documentation"),
    ],
)
def test_a_system_without_one_is_told_what_to_do(
    pyvirtualcam: type[StandInCamera],
    platform: str,
    failure: Exception,
    cure: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("realtime.client.virtual_camera.sys.platform", platform)
    pyvirtualcam.failure = failure
    address = "tcp://127.0.0.1:5555"
    assert run([address, "--headless", "--virtual-camera", "/dev/video9"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "no virtual camera /dev/video9" in said
    assert cure in said


def test_one_that_fails_later_is_said(pyvirtualcam: type[StandInCamera]) -> None:
    camera = VirtualCamera("/dev/video9")
    pyvirtualcam.failure = RuntimeError("the device is gone")
    with pytest.raises(UsageError, match=r"virtual camera /dev/video9 failed: the device is gone"):
        camera.put(PACKET, picture(0))


def test_a_missing_package_is_said_with_its_cure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)  # as if it were not installed
    assert run(["tcp://127.0.0.1:5555", "--headless", "--virtual-camera"]) == 2
    assert capsys.readouterr().err == (
        "client: --virtual-camera needs pyvirtualcam, which is not installed: "
        "pip install pyvirtualcam\n"
    )


def test_two_devices_are_one_too_many(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tcp://127.0.0.1:5555", "--headless", "--virtual-camera", "a", "b"]) == 2
    assert "give one device" in capsys.readouterr().err


def test_the_package_is_not_imported_unless_asked_for() -> None:
    code = "import sys, realtime.client.__main__; sys.exit('pyvirtualcam' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60).returncode == 0
