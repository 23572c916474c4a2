"""`python launch.py` as a user runs it: a subprocess, a real video, sockets, the real client."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from calibration.opencv import cv2
from tests.pictures import draw_number, read_number, write_clip
from tests.servers import MjpegServer, RtspServer

ROOT = Path(__file__).resolve().parents[2]
LAUNCH = [sys.executable, str(ROOT / "launch.py")]
STAGES = {"capture", "view", "infer", "encode", "publish", "total"}
PATIENCE_S = 60.0


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A second and a half of numbered pictures."""
    return write_numbers(tmp_path / "clip.mp4", 45)


@pytest.fixture
def long_clip(tmp_path: Path) -> Path:
    """Half a minute of numbered pictures."""
    return write_numbers(tmp_path / "long.mp4", 900)


def write_numbers(path: Path, count: int) -> Path:
    return write_clip(path, (draw_number(number, (64, 64)) for number in range(count)))


def run(*arguments: object, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [*LAUNCH, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, env=env)


@contextmanager
def running(*arguments: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A launch.py that serves, and its address."""
    command = [*LAUNCH, *map(str, arguments), "--bind", "tcp://127.0.0.1:0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            said = ""
            for line in process.stderr:
                said += line
                if match := re.search(r"python -m realtime\.client (tcp://\S+)", line):
                    break
            else:
                pytest.fail(f"ended without serving: {said}")
            yield process, match[1]
        finally:
            process.kill()


def client(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "realtime.client", *map(str, arguments), "--headless"]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, cwd=ROOT)


def read_json(path: Path) -> dict[str, Any]:
    content = json.loads(path.read_text())
    assert isinstance(content, dict)
    return content


def saved_numbers(folder: Path) -> list[int]:
    """What the avatar's pictures show: the model of the tests inverts, so they are turned back."""
    return [read_number(255 - cv2.imread(str(path))) for path in sorted(folder.glob("*.png"))]


def test_a_video_becomes_the_avatar_at_the_client(
    tiny_bundle: Path, long_clip: Path, tmp_path: Path
) -> None:
    report, saved, received = tmp_path / "r.json", tmp_path / "saved", tmp_path / "c.json"
    arguments = ("--camera", long_clip, "--bundle", tiny_bundle, "--report", report)
    with running(*arguments) as (launched, address):
        watched = client(address, "--frames", 20, "--save", saved, "--report", received)
        launched.send_signal(signal.SIGINT)
        _, said = launched.communicate(timeout=PATIENCE_S)
    assert watched.returncode == 0, watched.stderr
    assert launched.returncode == 0, said
    numbers = saved_numbers(saved)
    assert len(numbers) == 20
    assert numbers == sorted(set(numbers))
    figures = read_json(received)
    assert (figures["frames"], figures["lost"], figures["crc_errors"]) == (20, 0, 0)
    assert figures["stream"] == "main"
    assert figures["bundle"].startswith("tiny@")
    sent = read_json(report)
    assert sent["ended"] == "stopped by a signal"
    assert sent["subscribers_max"] == 1
    assert sent["frames"]["sent"] >= 20


@pytest.mark.parametrize("server", [MjpegServer, RtspServer])
def test_a_camera_of_the_network_becomes_the_avatar_at_the_client(
    tiny_bundle: Path, tmp_path: Path, server: type[MjpegServer] | type[RtspServer]
) -> None:
    saved = tmp_path / "saved"
    with server(size_px=(64, 64)) as camera:
        with running("--camera", camera.url, "--bundle", tiny_bundle) as (launched, address):
            watched = client(address, "--frames", 10, "--save", saved)
            launched.send_signal(signal.SIGINT)
            _, said = launched.communicate(timeout=PATIENCE_S)
    assert watched.returncode == 0, watched.stderr
    assert launched.returncode == 0, said
    numbers = saved_numbers(saved)
    assert len(numbers) == 10
    assert numbers == sorted(set(numbers))


def test_the_report_holds_what_it_promises(tiny_bundle: Path, clip: Path, tmp_path: Path) -> None:
    report = tmp_path / "r.json"
    arguments = ("--bundle", tiny_bundle, "--bind", "tcp://127.0.0.1:0", "--report", report)
    done = run("--camera", clip, *arguments)
    assert done.returncode == 0, done.stderr
    figures = read_json(report)
    assert figures["ended"] == "the source ended"
    assert figures["source"] == str(clip)
    assert figures["backend"] in {
        "onnxruntime-cpu",
        "openvino-cpu",
        "openvino-cpu-bf16",
    }  # whichever won the trial
    if (trial_ms := figures["backend_trial_ms"]) is not None:  # null where only one is installed
        assert min(trial_ms, key=trial_ms.__getitem__) == figures["backend"]
    assert figures["bundle"].startswith("tiny@")
    assert 1 < figures["fps"] < 33  # at its own rate, or slower where the machine is busy
    frames = figures["frames"]
    assert (frames["captured"], frames["published"]) == (45, 45)
    assert frames["dropped"] == {"infer_busy": 0, "publish_busy": 0, "stopped": 0}
    assert set(figures["latency_ms"]) == STAGES
    for stage in figures["latency_ms"].values():
        assert set(stage) == {"p50", "p95", "p99", "max"}
    assert "published 45 of 45 frames" in done.stderr
    assert list(tmp_path.glob(".*.part")) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_good_order(
    tiny_bundle: Path, long_clip: Path, tmp_path: Path, number: signal.Signals
) -> None:
    report = tmp_path / "r.json"
    arguments = ("--camera", long_clip, "--bundle", tiny_bundle, "--report", report)
    with running(*arguments) as (launched, _):
        launched.send_signal(number)
        _, said = launched.communicate(timeout=PATIENCE_S)
    assert launched.returncode == 0, said
    assert "published" in said.splitlines()[-1]
    frames = read_json(report)["frames"]
    assert frames["captured"] == frames["published"] + sum(frames["dropped"].values())


def test_it_ends_after_its_duration(tiny_bundle: Path, long_clip: Path, tmp_path: Path) -> None:
    report = tmp_path / "r.json"
    arguments = ("--bundle", tiny_bundle, "--bind", "tcp://127.0.0.1:0", "--report", report)
    done = run("--camera", long_clip, *arguments, "--duration", 0.5)
    assert done.returncode == 0, done.stderr
    assert read_json(report)["ended"] == "--duration was over"
    assert 0 < read_json(report)["frames"]["published"] < 900


def test_it_ends_after_its_frames(tiny_bundle: Path, clip: Path, tmp_path: Path) -> None:
    report = tmp_path / "r.json"
    arguments = ("--bundle", tiny_bundle, "--bind", "tcp://127.0.0.1:0", "--report", report)
    done = run("--camera", clip, *arguments, "--pace", "free", "--frames", 5)
    assert done.returncode == 0, done.stderr
    assert read_json(report)["ended"] == "--frames were published"
    assert read_json(report)["frames"]["published"] == 5


def test_the_help_is_for_people_who_see_it_for_the_first_time() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert "python launch.py --camera demo" in done.stdout
    assert "python -m realtime.client" in done.stdout
    assert "None" not in done.stdout


def test_the_cameras_are_listed() -> None:
    done = run("--list-cameras")
    assert done.returncode == 0, done.stderr
    assert "--camera " in done.stdout
