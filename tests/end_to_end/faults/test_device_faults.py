"""Cameras of this machine: OpenCV's V4L2 code runs, on a device that goes away, hangs or errs."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from tests.end_to_end.faults.device import Behaviour, DeviceCamera
from tests.end_to_end.faults.harness import Run

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="V4L2 is Linux's")
LONG_S = 30.0


@pytest.mark.parametrize("jpeg", [False, True])
def test_an_unplugged_device_comes_back(tiny_bundle: Path, tmp_path: Path, jpeg: bool) -> None:
    with DeviceCamera(tmp_path, jpeg=jpeg) as camera:
        arguments = ("--camera", camera.path, "--bundle", tiny_bundle)
        with Run(tmp_path, *arguments, env=camera.env) as launched:
            launched.watch_new()
            camera.unplug()
            launched.watch_trouble("source_lost")
            camera.plug_in()
            launched.recovers()
            launched.ends()
            assert launched.count("camera lost: .* gives no more pictures; is it unplugged") == 1
            assert launched.count("camera back") == 1


def test_a_device_that_blocks_for_half_a_minute(tiny_bundle: Path, tmp_path: Path) -> None:
    """In the system call, so nothing can end the read."""
    with DeviceCamera(tmp_path) as camera:
        arguments = ("--camera", camera.path, "--bundle", tiny_bundle)
        with Run(tmp_path, *arguments, env=camera.env) as launched:
            launched.watch_new()
            camera.behave("hangs")
            began_s, before = time.monotonic(), launched.repeats
            launched.watch_trouble("source_stalled")
            launched.watch(lambda: time.monotonic() - began_s > LONG_S)
            assert launched.repeats - before > LONG_S  # twice a second, by what was promised
            camera.behave("good")
            launched.recovers()
            launched.ends()
            assert launched.count("capture stands still for .* opencv.py") == 1
            assert launched.count("capture goes on after (2[89]|3[0-9])") == 1


@pytest.mark.parametrize(
    ("behaviour", "trouble", "said"),
    [
        ("errors", "source_lost", "gives no more pictures"),
        ("silent", "source_lost", "gives no more pictures"),
        ("frozen", "source_frozen", "camera frozen"),
    ],
)
def test_no_new_picture_is_made_of_what_is_none(
    tiny_bundle: Path, tmp_path: Path, behaviour: Behaviour, trouble: str, said: str
) -> None:
    with DeviceCamera(tmp_path) as camera:
        arguments = ("--camera", camera.path, "--bundle", tiny_bundle)
        with Run(tmp_path, *arguments, env=camera.env) as launched:
            launched.watch_new()
            camera.behave(behaviour)
            launched.watch_trouble(trouble)
            camera.behave("good")
            launched.recovers()
            frames = launched.ends()
            assert launched.count(said) == 1
            assert behaviour != "frozen" or frames["dropped"]["repeated"] > 0


def test_torn_pictures_are_left_out(tiny_bundle: Path, tmp_path: Path) -> None:
    with DeviceCamera(tmp_path, jpeg=True) as camera:
        arguments = ("--camera", camera.path, "--bundle", tiny_bundle)
        with Run(tmp_path, *arguments, env=camera.env) as launched:
            launched.watch_new()
            camera.behave("torn")
            launched.watch_trouble("source_stalled")
            camera.behave("good")
            launched.recovers()
            launched.ends()
            assert launched.count("damaged pictures") == 1
