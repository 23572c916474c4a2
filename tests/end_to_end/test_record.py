"""`launch.py --record` as a user runs it, killed as a user's machine kills it, and played again."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from calibration.images import pictures as calibration_pictures
from calibration.profile import CameraProfile, View
from realtime.sessions.check import verify
from realtime.sessions.format import INDEX
from realtime.sessions.reader import Session
from tests.end_to_end.test_launch import LAUNCH, PATIENCE_S, read_json, run, write_numbers
from tests.pictures import read_number

FREE_PORT = ("--bind", "tcp://127.0.0.1:0")


def numbers(folder: Path) -> list[int]:
    """What the pictures of a session show."""
    pictures = Session.open(folder).pictures()
    try:
        return [read_number(image) for _, image in pictures]
    finally:
        pictures.close()


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A second of numbered pictures."""
    return write_numbers(tmp_path / "clip.mp4", 30)


def test_a_recording_is_a_source_and_is_recorded_the_same_again(
    tiny_bundle: Path, clip: Path, tmp_path: Path
) -> None:
    first, second, report = tmp_path / "a" / "1", tmp_path / "a" / "2", tmp_path / "r.json"
    options = ("--bundle", tiny_bundle, *FREE_PORT, "--pace", "free")
    done = run("--camera", clip, *options, "--record", first, "--report", report)
    assert done.returncode == 0, done.stderr
    assert f"recorded 30 frames in {first}, drops 0" in done.stderr
    recording = read_json(report)["recording"]
    assert (recording["state"], recording["frames"]) == ("finished", 30)
    assert numbers(first) == list(range(30))
    done = run("--camera", first, *options, "--record", second)
    assert done.returncode == 0, done.stderr
    crcs = [[row.crc32 for row in Session.open(folder).rows] for folder in (first, second)]
    assert crcs[0] == crcs[1]


def test_it_records_without_a_model(clip: Path, tmp_path: Path) -> None:
    profile = tmp_path / "cam.json"
    CameraProfile(camera="wide", view=View(size_px=(1920, 1080), roi_px=(0, 0, 9, 9))).save(profile)
    options = ("--no-model", "--pace", "free", "--profile", profile)
    done = run("--camera", clip, *options, "--record", tmp_path / "s")
    assert done.returncode == 0, done.stderr
    said = done.stderr.splitlines()
    assert "is for pictures of 1920x1080, the camera gives 64x64" in said[0]
    assert "it is recorded all the same" in said[0]
    assert said[1:] == [f"launch: recorded 30 frames in {tmp_path / 's'}, drops 0"]
    session = Session.open(tmp_path / "s")
    assert session.about.bundle is None
    assert session.about.profile is not None
    assert session.about.profile.camera == "wide"
    assert len(list(calibration_pictures(tmp_path / "s"))) == 30


def test_a_session_is_played_with_the_profile_that_it_was_recorded_with(
    tiny_bundle: Path, clip: Path, tmp_path: Path
) -> None:
    profile = tmp_path / "cam.json"
    CameraProfile(camera="a test", view=View(roi_px=(0, 0, 640, 480))).save(profile)
    recorded = run(
        "--camera", clip, "--no-model", "--pace", "free", "--profile", profile,
        "--record", tmp_path / "s",
    )  # fmt: skip
    assert recorded.returncode == 0, recorded.stderr
    done = run("--camera", tmp_path / "s", "--bundle", tiny_bundle, *FREE_PORT)
    assert done.returncode == 1
    assert "does not lie inside" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("model", [True, False])
def test_kill_9_leaves_a_session_that_opens(tiny_bundle: Path, tmp_path: Path, model: bool) -> None:
    folder = tmp_path / "s"
    long_clip = write_numbers(tmp_path / "long.mp4", 900)
    with_model = ("--bundle", tiny_bundle, *FREE_PORT) if model else ("--no-model",)
    asked = ("--camera", long_clip, "--pace", "realtime", "--record", folder, *with_model)
    command = [*LAUNCH, *map(str, asked)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            deadline_s = time.monotonic() + PATIENCE_S
            index = folder / INDEX
            while not index.exists() or index.read_bytes().count(b"\n") < 40:
                assert time.monotonic() < deadline_s
                assert process.poll() is None
                time.sleep(0.02)
        finally:
            process.send_signal(signal.SIGKILL)
    session = Session.open(folder)
    assert session.about.ended is None
    came = numbers(folder)
    assert len(came) >= 39
    assert len(session.rows) - len(came) <= 1  # what was being written when it was killed
    assert np.all(np.diff(came) > 0)
    verified = subprocess.run(
        [sys.executable, "-m", "realtime.sessions", "verify", str(folder)],
        cwd=Path(LAUNCH[1]).parent,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert verified.returncode == 0, verified.stderr
    assert "the recording was cut off" in verified.stdout


def test_a_full_disk_ends_the_recording_and_not_the_stream(
    tiny_bundle: Path, clip: Path, tmp_path: Path
) -> None:
    """No file may grow over 64 KiB: as on a disk that is full."""
    folder, report = tmp_path / "s", tmp_path / "r.json"
    asked = ("--camera", clip, "--bundle", tiny_bundle, *FREE_PORT, "--pace", "free",
             "--record", folder, "--report", report)  # fmt: skip
    limited = f"ulimit -f 64; exec {shlex.join([*LAUNCH, *map(str, asked)])}"
    done = subprocess.run(
        ["bash", "-c", limited], capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert done.returncode == 0, done.stderr
    warnings = [line for line in done.stderr.splitlines() if "recording stopped" in line]
    assert len(warnings) == 1, done.stderr
    assert "File too large" in warnings[0]
    figures = read_json(report)
    assert figures["frames"]["published"] == 30
    assert figures["recording"]["state"] == "failed"
    kept = figures["recording"]["frames"]
    assert kept + figures["recording"]["dropped"]["failed"] == 30
    came = numbers(folder)
    assert came == list(range(len(came)))
    assert 0 < len(came) <= kept + 1
    finding = verify(Session.open(folder))
    assert finding.damage == ()
    assert "File too large" in finding.notes[0]


def test_a_folder_that_exists_is_refused(tiny_bundle: Path, clip: Path, tmp_path: Path) -> None:
    asked = ("--camera", clip, "--bundle", tiny_bundle, *FREE_PORT, "--record", tmp_path)
    done = run(*asked, "--backend", "onnxruntime")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line == (f"launch: {tmp_path} exists: give the session another name, or delete it first")


def test_no_model_needs_a_recording() -> None:
    done = run("--camera", "97", "--no-model")
    assert done.returncode == 2
    assert "--no-model leaves nothing to do without --record FOLDER" in done.stderr


def test_the_light_of_training_is_watched(tiny_bundle: Path, clip: Path, tmp_path: Path) -> None:
    """Black and white numbers are no face; the warning is in the report as well."""
    long_clip = write_numbers(tmp_path / "long.mp4", 170)
    profile, report = tmp_path / "cam.json", tmp_path / "r.json"
    CameraProfile(camera="a test").save(profile)
    measured = subprocess.run(
        [sys.executable, "-m", "calibration", "photometric", "--profile", str(profile),
         "--reference", str(clip)],
        cwd=Path(LAUNCH[1]).parent, capture_output=True, text=True, timeout=PATIENCE_S,
    )  # fmt: skip
    assert measured.returncode == 0, measured.stderr
    content = json.loads(profile.read_text())
    content["photometric"]["stats"]["mean"] = [200.0, 200.0, 200.0]
    profile.write_text(json.dumps(content))
    done = run(
        "--camera", long_clip, "--bundle", tiny_bundle, *FREE_PORT, "--pace", "free",
        "--profile", profile, "--report", report,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "light: the picture is darker than in training" in done.stderr
    assert any("darker" in line for line in read_json(report)["light"])
