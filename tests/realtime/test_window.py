"""The window: its size, its keys, and what is on the screen of a display that nobody sees."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from realtime.errors import UsageError
from realtime.window import Window, compose, first_size
from tests.realtime.display import hidden_display

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize(
    ("picture_px", "scale", "window_px"),
    [
        ((256, 256), None, (512, 512)),  # a small one a whole number of times
        ((6, 4), None, (768, 512)),
        ((512, 256), None, (1024, 512)),
        ((300, 300), None, (300, 300)),
        ((3840, 2160), None, (1600, 900)),  # a large one so that it fits
        ((256, 256), 1.0, (256, 256)),
        ((3840, 2160), 1.0, (3840, 2160)),
        ((256, 256), 0.001, (1, 1)),
    ],
)
def test_the_first_size(
    picture_px: tuple[int, int], scale: float | None, window_px: tuple[int, int]
) -> None:
    assert first_size(picture_px, scale) == window_px


def test_the_picture_comes_in_opencvs_order_of_colours_with_words_over_it() -> None:
    image = np.full((50, 100, 3), (250, 100, 0), np.uint8)
    plain = compose(image, (400, 400))
    assert plain.shape == (400, 400, 3)
    assert plain[200, 200].tolist() == [0, 100, 250]
    assert not plain[0].any()
    assert (compose(image, (400, 400), ["a line"]) != plain).any()
    assert compose(image, (400, 400), alert="lost")[-1, 0].tolist() == [0, 176, 255]


@pytest.fixture
def display() -> Iterator[str]:
    with hidden_display() as name:
        yield name


KEYS = """
import numpy as np
from calibration.opencv import cv2
from realtime.window import Window
shown = []
cv2.imshow = lambda title, canvas, real=cv2.imshow: (shown.append(canvas), real(title, canvas))
window = Window("a test")
image = np.full((64, 64, 3), 120, np.uint8)
real = cv2.waitKey
def press(key):
    cv2.waitKey = lambda delay_ms: (real(delay_ms), key)[1]
    window.show(image, ["figures"], "an alert")
    return window.pump()
states = [press(ord(key)) for key in "ahhq"] + [press(27)]
assert states == [True, True, True, False, False], states
panels = [bool(canvas[0, 0, 0] < 120) for canvas in shown]
assert panels == [True, True, False, True, True], panels
assert all(canvas.shape == (512, 512, 3) for canvas in shown), [c.shape for c in shown]
assert all((canvas[-1] == (0, 176, 255)).all() for canvas in shown)
cv2.resizeWindow("a test", 300, 400)
press(-1)
press(-1)
assert shown[-1].shape == (400, 300, 3), shown[-1].shape
window.close()
assert cv2.getWindowProperty("a test", cv2.WND_PROP_VISIBLE) < 1
"""


def test_the_keys_hide_the_figures_and_close_the_window(
    display: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", display)
    done = subprocess.run(
        [sys.executable, "-c", KEYS], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a display")
def test_a_missing_display_is_an_error_and_does_not_end_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":no-such-display")
    with pytest.raises(UsageError, match="there is no display"):
        Window("a test")


def test_a_display_that_does_not_answer_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.window._PROBE", "import time; time.sleep(60)")
    monkeypatch.setattr("realtime.window._PROBE_LIMIT_S", 0.2)
    with pytest.raises(UsageError, match="no window can be shown here"):
        Window("a test")
