"""What a user gets wrong when starting launch.py: one line that helps, and an exit code."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from calibration.profile import CameraProfile, View
from realtime.bundle import MODEL
from tests.end_to_end.test_launch import read_json, run, write_numbers


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


def test_a_crop_that_the_video_does_not_have_is_said_so(tiny_bundle: Path, tmp_path: Path) -> None:
    clip = write_numbers(tmp_path / "clip.mp4", 5)
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
