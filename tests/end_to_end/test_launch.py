"""`python launch.py` as a user runs it: a subprocess, a real video, sockets, the real client."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from calibration.opencv import cv2
from calibration.profile import CameraProfile, View
from realtime.bundle import MODEL
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


def missing_camera(folder: Path, bundle: Path) -> list[object]:
    return ["--camera", "97"]


def missing_file(folder: Path, bundle: Path) -> list[object]:
    return ["--camera", folder / "nothing.mp4"]


def text_as_video(folder: Path, bundle: Path) -> list[object]:
    (folder / "text.mp4").write_text("this is no video\n" * 100)
    return ["--camera", folder / "text.mp4"]


def unknown_scheme(folder: Path, bundle: Path) -> list[object]:
    return ["--camera", "ftp://camera/"]


def no_camera(folder: Path, bundle: Path) -> list[object]:
    return []


def missing_bundle(folder: Path, bundle: Path) -> list[object]:
    return ["--camera", "97", "--bundle", folder / "nothing"]


def empty_bundle(folder: Path, bundle: Path) -> list[object]:
    (folder / "empty").mkdir()
    return ["--camera", "97", "--bundle", folder / "empty"]


def changed_bundle(folder: Path, bundle: Path) -> list[object]:
    model = bytearray((bundle / MODEL).read_bytes())
    model[-1] ^= 1
    (bundle / MODEL).write_bytes(model)
    return ["--camera", "97"]


def unknown_codec(folder: Path, bundle: Path) -> list[object]:
    return ["--camera", "97", "--codec", "foo"]


def unknown_flag(folder: Path, bundle: Path) -> list[object]:
    return ["--camera", "97", "--colour", "red"]


def negative_duration(folder: Path, bundle: Path) -> list[object]:
    return ["--camera", "97", "--duration", "-1"]


def no_number(folder: Path, bundle: Path) -> list[object]:
    return ["--camera", "97", "--frames", "many"]


def bad_size(folder: Path, bundle: Path) -> list[object]:
    return ["--camera", "97", "--size", "640"]


def bad_quality(folder: Path, bundle: Path) -> list[object]:
    return ["--camera", "97", "--quality", "0"]


def bad_stream(folder: Path, bundle: Path) -> list[object]:
    return ["--camera", "97", "--stream", "a/b"]


def open_address(folder: Path, bundle: Path) -> list[object]:
    return ["--camera", "97", "--bind", "tcp://0.0.0.0:0"]


def no_address(folder: Path, bundle: Path) -> list[object]:
    return ["--camera", "97", "--bind", "5555"]


def unwritable_report(folder: Path, bundle: Path) -> list[object]:
    return ["--camera", "97", "--report", folder / "nothing" / "r.json"]


def report_is_a_folder(folder: Path, bundle: Path) -> list[object]:
    return ["--camera", "97", "--report", folder]


def missing_profile(folder: Path, bundle: Path) -> list[object]:
    return ["--camera", "97", "--profile", folder / "camera.json"]


@pytest.mark.parametrize(
    ("mistake", "code", "message"),
    [
        (missing_camera, 1, r"camera 97: there is no /dev/video97"),
        (missing_file, 1, r"nothing\.mp4: no such file"),
        (text_as_video, 1, r"text\.mp4"),
        (unknown_scheme, 2, r"ftp://camera/: an address must begin with"),
        (no_camera, 2, r"no camera: say --camera 0"),
        (missing_bundle, 1, r"nothing does not exist: give a folder"),
        (empty_bundle, 1, r"empty is empty: give a folder that `python -m export` wrote"),
        (changed_bundle, 1, r"model\.onnx is damaged or edited .*: export it again, or restore it"),
        (unknown_codec, 2, r"'foo' .*--codec.*'jpeg', 'raw', 'h264'.*: see launch\.py --help"),
        (unknown_flag, 2, r"--colour.*: see launch\.py --help"),
        (negative_duration, 2, r"--duration -1: give a number above 0"),
        (no_number, 2, r"--frames.*: see launch\.py --help"),
        (bad_size, 2, r"--size 640: give width x height"),
        (bad_quality, 2, r"--quality 0: give 1 \(small\) to 100 \(good\)"),
        (bad_stream, 2, r"stream 'a/b'"),
        (open_address, 1, r"tcp://0\.0\.0\.0:0 can be reached from other machines"),
        (no_address, 1, r"'5555' is no address"),
        (unwritable_report, 2, r"cannot write the report .*No such file or directory"),
        (report_is_a_folder, 2, r"cannot write the report .*it is a folder"),
        (missing_profile, 1, r"cannot read camera profile .*camera\.json"),
    ],
)
def test_a_mistake_gets_one_line_and_no_traceback(
    tiny_bundle: Path,
    tmp_path: Path,
    mistake: Callable[[Path, Path], list[object]],
    code: int,
    message: str,
) -> None:
    asked = mistake(tmp_path, tiny_bundle)
    defaults = {
        "--bundle": tiny_bundle,
        "--bind": "tcp://127.0.0.1:0",
        "--backend": "onnxruntime",  # auto, where it has a choice, says what it took
    }
    rest = [word for flag in defaults.items() if flag[0] not in asked for word in flag]
    done = run(*asked, *rest)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("launch: ")
    assert re.search(message, line), line


def test_a_busy_port_is_said_so(tiny_bundle: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        address = f"tcp://127.0.0.1:{busy.getsockname()[1]}"
        done = run("--camera", "97", "--bundle", tiny_bundle, "--bind", address)
    assert done.returncode == 1
    assert done.stderr == (
        f"launch: cannot listen on {address}: another program already does; stop it, or choose "
        "another port (--bind tcp://HOST:PORT)\n"
    )


def test_a_crop_that_the_video_does_not_have_is_said_so(
    tiny_bundle: Path, clip: Path, tmp_path: Path
) -> None:
    profile, report = tmp_path / "camera.json", tmp_path / "r.json"
    CameraProfile(camera="another", view=View(roi_px=(0, 0, 640, 480))).save(profile)
    arguments = ("--bundle", tiny_bundle, "--bind", "tcp://127.0.0.1:0", "--report", report)
    done = run("--camera", clip, *arguments, "--profile", profile)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "does not lie inside" in done.stderr.splitlines()[-1]
    assert read_json(report)["ended"].startswith("failed: ")


def test_a_missing_system_library_gets_its_cure(tmp_path: Path) -> None:
    (tmp_path / "cv2.py").write_text(
        'raise ImportError("libGL.so.1: cannot open shared object file")'
    )
    done = run("--camera", "0", env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 1
    assert done.stderr.startswith("launch: OpenCV cannot be loaded: libGL.so.1")
    assert "apt-get install libgl1" in done.stderr
    assert len(done.stderr.splitlines()) == 1


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
