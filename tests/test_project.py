"""What holds for the whole project: style, types, layers, and a live side without torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    return output


@pytest.mark.parametrize("check", [("check",), ("format", "--check")])
def test_ruff_has_nothing_to_say(check: tuple[str, ...]) -> None:
    run(sys.executable, "-m", "ruff", *check, "--no-cache", ".")


def test_types_are_right() -> None:
    run(sys.executable, "-m", "mypy")


def test_imports_point_one_way() -> None:
    run(str(Path(sys.executable).with_name("lint-imports")), "--no-cache")


def test_the_live_side_loads_no_torch_and_no_onnx() -> None:
    """At run time too, whatever its libraries import."""
    live = "launch, realtime.client, realtime.pipeline, realtime.sources, realtime.backends"
    code = f"import {live}, sys; print(sorted({{'torch', 'onnx', 'train'}} & set(sys.modules)))"
    assert run(sys.executable, "-c", code).strip() == "[]"


def test_a_missing_system_library_of_opencv_is_answered_with_the_cure(tmp_path: Path) -> None:
    """As on a bare server: `import cv2` fails in the dynamic loader."""
    (tmp_path / "cv2.py").write_text(
        "raise ImportError('libGL.so.1: cannot open shared object file: No such file or directory')"
    )
    for front_door in ("launch.py --camera demo", "-m realtime.client tcp://127.0.0.1:5555"):
        done = subprocess.run(
            [sys.executable, *front_door.split()],
            cwd=ROOT,
            env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert "apt-get install libgl1" in done.stderr
        assert done.stderr.count("\n") == 1, done.stderr
