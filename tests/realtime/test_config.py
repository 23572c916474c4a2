"""What launch.py can be asked for; most mistakes are tested through launch.py itself."""

from __future__ import annotations

from typing import Any

import pytest

from realtime.config import LaunchConfig
from realtime.errors import UsageError
from realtime.wire import Codec


def test_the_defaults_need_only_a_camera() -> None:
    config = LaunchConfig(camera="0")
    assert config.request.size_px is None
    assert config.request.fps is None
    assert config.wire_codec is Codec.RAW
    assert config.bundle.parts[-2:] == ("models", "demo")


@pytest.mark.parametrize(
    ("options", "codec"),
    [
        ({"bind": "tcp://[::1]:0", "web": "8443"}, Codec.RAW),
        ({"bind": "tcp://192.168.1.2:5555"}, Codec.JPEG),
        ({"bind": "tcp://*:5555"}, Codec.JPEG),
        ({"web": "0.0.0.0:8443"}, Codec.JPEG),
        ({"codec": "raw", "bind": "tcp://*:5555"}, Codec.RAW),
        ({"codec": "jpeg"}, Codec.JPEG),
        ({"codec": "h264"}, Codec.H264),
    ],
)
def test_pictures_are_raw_unless_other_machines_can_connect(
    options: dict[str, Any], codec: Codec
) -> None:
    assert LaunchConfig(camera="0", **options).wire_codec is codec


def test_what_the_camera_is_asked_for() -> None:
    request = LaunchConfig(camera="0", size="1280x720", fps=60).request
    assert (request.size_px, request.fps) == ((1280, 720), 60)


@pytest.mark.parametrize("size", ["", "640", "640x", "0x480", "-1x5", "640X480", "640x480x3"])
def test_a_size_is_width_x_height(size: str) -> None:
    with pytest.raises(UsageError, match="such as 640x480"):
        LaunchConfig(camera="0", size=size)


@pytest.mark.parametrize("name", ["fps", "duration", "frames"])
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_a_limit_is_a_number_above_nothing(name: str, value: float) -> None:
    with pytest.raises(UsageError, match=rf"--{name} .*: give a number above 0"):
        LaunchConfig(camera="0", **{name: value})
