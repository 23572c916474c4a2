"""The simulated camera: numbers survive JPEG, and a late reader gets the newest picture."""

from __future__ import annotations

import time

import numpy as np
import pytest
from simplejpeg import decode_jpeg, encode_jpeg

from realtime.bench.camera import SteadyCamera, demo_pictures, read_number, taken_us, write_number
from realtime.frame import Image, unix_us


def plain(count: int = 3) -> list[Image]:
    return [np.full((64, 64, 3), 60 * n, np.uint8) for n in range(count)]


@pytest.mark.parametrize("size_px", [(64, 64), (256, 256), (100, 40)])
@pytest.mark.parametrize("number", [0, 1, 0xABCD, 0xFFFF])
def test_a_number_survives_jpeg(size_px: tuple[int, int], number: int) -> None:
    (image,) = demo_pictures(size_px, count=1)
    write_number(image, number)
    assert image.shape == (size_px[1], size_px[0], 3)
    assert read_number(decode_jpeg(encode_jpeg(image, 50, "RGB", "420"), "RGB")) == number


def test_pictures_come_on_time_and_in_order() -> None:
    epoch_us = unix_us()
    camera = SteadyCamera(plain(), 200.0, epoch_us)
    for seq in range(5):
        frame = camera.read()
        number = read_number(frame.image)
        assert frame.seq == seq <= number
        assert unix_us() >= frame.capture_unix_us == taken_us(number, 200.0, epoch_us)
        assert (frame.image[32] == 60 * (number % 3)).all()


def test_a_late_reader_gets_the_newest_picture_as_old_as_it_is() -> None:
    camera = SteadyCamera(plain(), 200.0, unix_us())
    first = camera.read()
    time.sleep(0.05)
    late = camera.read()
    numbers = read_number(late.image) - read_number(first.image)
    assert (late.seq, first.seq) == (1, 0)
    assert numbers >= 10
    assert late.capture_unix_us - first.capture_unix_us == numbers * 5000
    assert first.capture_ns < late.capture_ns < time.monotonic_ns()


def test_without_a_rate_it_waits_for_its_reader() -> None:
    camera = SteadyCamera(plain(), None, unix_us())
    assert not camera.live
    frames = [camera.read() for _ in range(4)]
    assert [frame.seq for frame in frames] == [0, 1, 2, 3]
    assert [read_number(frame.image) for frame in frames] == [0, 1, 2, 3]
