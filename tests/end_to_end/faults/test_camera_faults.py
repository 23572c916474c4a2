"""Cameras that go away, fall silent, or give what is no new picture; see docs/reliability.md."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import simplejpeg

from calibration.profile import CameraProfile, View
from tests.end_to_end.faults.camera import LARGE_PX, FaultyCamera
from tests.end_to_end.faults.harness import END_LIMIT_S, PATIENCE_S, Run, allowed_s
from tests.end_to_end.test_launch import run, write_numbers
from tests.pictures import clock_number, draw_number, write_clip
from tests.servers import RtspServer


def test_an_unplugged_camera_comes_back(tiny_bundle: Path, tmp_path: Path) -> None:
    camera = FaultyCamera()
    with Run(tmp_path, "--camera", camera.url, "--bundle", tiny_bundle) as launched:
        launched.watch_new()
        camera.unplug()
        launched.watch_trouble("source_lost")
        camera.plug_in()
        launched.recovers()
        launched.ends()
        assert launched.count("camera lost") == launched.count("camera back") == 1
    camera.unplug()


@pytest.mark.parametrize(
    ("behaviour", "troubles", "said", "dropped"),
    [
        (
            "silent",
            ("source_stalled", "source_lost"),
            "capture stands still for .* at ",
            None,
        ),
        ("half", ("source_stalled",), "damaged pictures come from it", None),
        ("frozen", ("source_frozen",), "camera frozen", "repeated"),
    ],
)
def test_no_new_picture_is_made_of_what_is_none(
    tiny_bundle: Path,
    tmp_path: Path,
    behaviour: str,
    troubles: tuple[str, ...],
    said: str,
    dropped: str | None,
) -> None:
    camera = FaultyCamera()
    with Run(tmp_path, "--camera", camera.url, "--bundle", tiny_bundle) as launched:
        launched.watch_new()
        camera.behaviour = behaviour  # type: ignore[assignment]
        for trouble in troubles:
            launched.watch_trouble(trouble)
        camera.behaviour = "good"
        launched.recovers()
        frames = launched.ends()
        assert launched.count(said) <= 1
        if behaviour != "half":  # said with the next whole picture
            assert launched.count(said) == 1
        assert dropped is None or frames["dropped"][dropped] > 0
    camera.unplug()


def test_pictures_of_another_size_go_on(tiny_bundle: Path, tmp_path: Path) -> None:
    camera = FaultyCamera()
    with Run(tmp_path, "--camera", camera.url, "--bundle", tiny_bundle) as launched:
        launched.watch_new()
        camera.behaviour = "large"
        launched.said("the source changed from 64x64 to 96x96 pixels")
        launched.recovers()
        launched.ends()
        assert launched.count("the source changed from") == 1
    camera.unplug()


def test_pictures_that_the_crop_does_not_lie_in_end_it(tiny_bundle: Path, tmp_path: Path) -> None:
    camera, profile = FaultyCamera(), tmp_path / "profile.json"
    CameraProfile(camera="a test", view=View(roi_px=(0, 0, *LARGE_PX))).save(profile)
    camera.behaviour = "large"
    arguments = ("--camera", camera.url, "--bundle", tiny_bundle, "--profile", profile)
    with Run(tmp_path, *arguments) as launched:
        launched.watch_new()
        camera.behaviour = "good"  # smaller
        launched.watch(lambda: launched.process.poll() is not None)
        launched.ends(None, code=1)
        assert "does not lie inside" in launched.lines[-1]
    camera.unplug()


def test_a_read_that_blocks_is_seen_from_outside(tiny_bundle: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "camera.mjpeg"
    os.mkfifo(pipe)
    opened, blocked, over = threading.Event(), threading.Event(), threading.Event()

    def feed() -> None:
        with contextlib.suppress(BrokenPipeError), pipe.open("wb", buffering=0) as camera:
            while not over.wait(
                1 / 20 if opened.is_set() else 1 / 200
            ):  # it wants to see much first
                if not blocked.is_set():
                    picture = draw_number(clock_number() & ~1, (64, 64))
                    camera.write(simplejpeg.encode_jpeg(picture, quality=95))

    feeder = threading.Thread(target=feed)
    feeder.start()
    arguments = ("--camera", pipe, "--pace", "realtime", "--bundle", tiny_bundle)
    with Run(tmp_path, *arguments) as launched:
        launched.watch_new(1)
        opened.set()
        blocked.set()
        launched.watch_trouble("source_stalled")
        assert "video.py" in launched.said("capture stands still for .* at (.*)")[1]
        blocked.clear()
        launched.recovers()
        assert launched.count("capture stands still") == 1
        launched.said("capture goes on after")
        over.set()
        feeder.join()
        launched.ends(None)


def test_an_rtsp_server_that_was_killed_comes_back(tiny_bundle: Path, tmp_path: Path) -> None:
    with RtspServer(size_px=(64, 64)) as camera:
        with Run(tmp_path, "--camera", camera.url, "--bundle", tiny_bundle) as launched:
            launched.watch(lambda: len(launched.numbers) > 5)
            camera.kill()
            launched.watch_trouble("source_lost")
            camera.start()
            launched.recovers(promised_s=4.0)  # its encoder takes a second or two to begin
            launched.ends()
            assert launched.count("camera lost") == launched.count("camera back") == 1


def test_a_file_cut_short_says_so(tiny_bundle: Path, tmp_path: Path) -> None:
    clip = write_numbers(tmp_path / "clip.mkv", 90)
    with clip.open("r+b") as file:
        file.truncate(clip.stat().st_size // 2)
    arguments = ("--camera", clip, "--bundle", tiny_bundle, "--pace", "free")
    with Run(tmp_path, *arguments, watched=False) as launched:
        frames = launched.ends(None)
        assert 0 < frames["published"] < 90
        assert launched.count(r"ends after .* s of 3\.0 s") == 1


def test_what_cannot_be_decoded_is_left_out(tiny_bundle: Path, tmp_path: Path) -> None:
    clip = write_numbers(tmp_path / "clip.mkv", 90)
    content = bytearray(clip.read_bytes())
    middle = len(content) // 3
    noise = np.random.default_rng(0).integers(0, 256, len(content) // 3, np.uint8)
    content[middle : middle + len(noise)] = noise.tobytes()
    clip.write_bytes(content)
    arguments = ("--camera", clip, "--bundle", tiny_bundle, "--pace", "free")
    with Run(tmp_path, *arguments, watched=False) as launched:
        frames = launched.ends(None)
        assert 0 < frames["published"] < 90
        assert launched.count(r"damaged pictures left out: \d+|ends after .* s of 3\.0 s") >= 1


def test_a_file_cut_short_while_it_plays_says_so(tiny_bundle: Path, tmp_path: Path) -> None:
    """Noise, so that it is too large to be read ahead."""
    chance = np.random.default_rng(0)
    pictures = (chance.integers(0, 256, (128, 128, 3), np.uint8) for _ in range(300))
    clip = write_clip(tmp_path / "clip.mkv", pictures, encoder={"preset": "ultrafast"})
    arguments = ("--camera", clip, "--bundle", tiny_bundle)
    with Run(tmp_path, *arguments, watched=False) as launched:
        launched.said(r"realtime\.client (tcp://\S+)")
        with clip.open("r+b") as file:
            file.truncate(clip.stat().st_size // 8)
        assert launched.process.wait(PATIENCE_S) == 0
        frames = launched.ends(None)
        assert 0 < frames["published"] < 300
        assert launched.count(r"ends after .* s of 10\.0 s") == 1


def test_garbage_from_the_start_is_refused(tiny_bundle: Path, tmp_path: Path) -> None:
    garbage = tmp_path / "clip.mkv"
    garbage.write_bytes(np.random.default_rng(0).integers(0, 256, 100_000, np.uint8).tobytes())
    started_s = time.monotonic()
    done = run("--camera", garbage, "--bundle", tiny_bundle, "--bind", "tcp://127.0.0.1:0")
    assert time.monotonic() - started_s <= allowed_s(END_LIMIT_S)
    assert done.returncode == 1
    assert "damaged, unfinished, or not a video" in done.stderr.splitlines()[-1]
