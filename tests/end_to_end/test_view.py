"""`launch.py --view`: q in its window ends the program; where there is none the stream goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.test_launch import PATIENCE_S, ROOT, read_json, run, write_numbers
from tests.realtime.display import hidden_display


@pytest.fixture
def display() -> Iterator[str]:
    with hidden_display() as name:
        yield name


QUIT_WITH_Q = """
import sys
import launch
from calibration.opencv import cv2
real, pressed = cv2.waitKey, iter([-1] * 20)
cv2.waitKey = lambda delay_ms: (real(delay_ms), next(pressed, ord("q")))[1]
shown, show = [], cv2.imshow
cv2.imshow = lambda title, canvas: (shown.append(canvas.shape), show(title, canvas))
code = launch.launch(sys.argv[1:])
assert shown and set(shown) == {(512, 1024, 3)}, shown
sys.exit(code)
"""


def test_q_in_the_window_ends_the_program_in_good_order(
    tiny_bundle: Path, tmp_path: Path, display: str
) -> None:
    clip, report = write_numbers(tmp_path / "long.mp4", 900), tmp_path / "r.json"
    arguments = ["--camera", clip, "--bundle", tiny_bundle, "--view", "--report", report]
    done = subprocess.run(
        [sys.executable, "-c", QUIT_WITH_Q, *map(str, arguments), "--bind", "tcp://127.0.0.1:0"],
        cwd=ROOT,
        env=os.environ | {"DISPLAY": display},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    figures = read_json(report)
    assert figures["ended"] == "the window of --view was closed"
    frames = figures["frames"]
    assert 0 < frames["published"] < 900
    assert frames["dropped"]["stopped"] == 0


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a display")
def test_without_a_display_it_is_said_once_and_the_stream_goes_on(
    tiny_bundle: Path, tmp_path: Path
) -> None:
    clip, report = write_numbers(tmp_path / "clip.mp4", 45), tmp_path / "r.json"
    headless = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    arguments = ("--camera", clip, "--bundle", tiny_bundle, "--view", "--report", report)
    done = run(*arguments, "--bind", "tcp://127.0.0.1:0", env=headless)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("--view") == 1
    assert "there is no display" in done.stderr
    assert "the stream goes on without it" in done.stderr
    assert read_json(report)["frames"]["published"] == 45
