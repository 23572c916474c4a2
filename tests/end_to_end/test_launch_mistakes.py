"""What a user gets wrong when starting launch.py: one line that helps, and an exit code."""

from __future__ import annotations

import re
import shutil
import socket
from pathlib import Path

import pytest

from calibration.profile import CameraProfile, View
from realtime.manifest import MODEL
from tests.end_to_end.test_launch import read_json, run, write_numbers


def prepare(folder: Path, bundle: Path) -> None:
    """What some of the mistakes need: a video that is none, an empty bundle, an edited one."""
    (folder / "text.mp4").write_text("this is no video\n" * 100)
    (folder / "empty").mkdir()
    shutil.copytree(bundle, folder / "edited")
    model = bytearray((bundle / MODEL).read_bytes())
    model[-1] ^= 1
    (folder / "edited" / MODEL).write_bytes(model)


@pytest.mark.parametrize(
    ("asked", "code", "message"),
    [
        ("--camera 97", 1, r"camera 97: there is no /dev/video97"),
        ("--camera DIR/nothing.mp4", 1, r"nothing\.mp4: no such file"),
        ("--camera DIR/text.mp4", 1, r"text\.mp4"),
        ("--camera ftp://camera/", 2, r"ftp://camera/: an address must begin with"),
        ("", 2, r"no camera: say --camera 0"),
        ("--bundle DIR/nothing", 1, r"nothing does not exist: give a folder"),
        ("--bundle DIR/empty", 1, r"empty is empty: give a folder that `python -m export` wrote"),
        ("--bundle DIR/edited", 1, r"model\.onnx is damaged or edited .*: export it again, or"),
        ("--codec foo", 2, r"'foo' .*--codec.*'auto', 'raw', 'jpeg', 'h264'.*: see launch\.py"),
        ("--colour red", 2, r"--colour.*: see launch\.py --help"),
        ("--duration -1", 2, r"--duration -1: give a number above 0"),
        ("--frames many", 2, r"--frames.*: see launch\.py --help"),
        ("--size 640", 2, r"--size 640: give width x height"),
        ("--quality 0", 2, r"--quality 0: give 1 \(small\) to 100 \(good\)"),
        ("--stream a/b", 2, r"stream 'a/b'"),
        ("--bind tcp://0.0.0.0:0", 1, r"tcp://0\.0\.0\.0:0 can be reached from other machines"),
        ("--bind 5555", 1, r"'5555' is no address"),
        ("--report DIR/nothing/r.json", 2, r"cannot write the report .*No such file or directory"),
        ("--report DIR", 2, r"cannot write the report .*it is a folder"),
        ("--profile DIR/camera.json", 1, r"cannot read camera profile .*camera\.json"),
    ],
)
def test_a_mistake_gets_one_line_and_no_traceback(
    tiny_bundle: Path, tmp_path: Path, asked: str, code: int, message: str
) -> None:
    prepare(tmp_path, tiny_bundle)
    words = asked.replace("DIR", str(tmp_path)).split()
    defaults: dict[str, object] = {
        "--bundle": tiny_bundle,
        "--bind": "tcp://127.0.0.1:0",
        "--backend": "onnxruntime",  # auto, where it has a choice, says what it took
    }
    if asked:
        defaults["--camera"] = "97"
    rest = [word for flag in defaults.items() if flag[0] not in words for word in flag]
    done = run(*words, *rest)
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
