"""The preview of --view: newest wins, it is as fast as its period, and it says how it goes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from realtime.frame import Image
from realtime.preview import Preview, beside, figures
from realtime.report import Snapshot
from tests.realtime.test_status import SNAPSHOT

FIGURES = {"p50": 1.04, "p95": 20.2, "p99": 30.0, "max": 40.0}
STAGES = dict.fromkeys(("capture", "view", "infer", "encode", "publish", "total"), FIGURES)
LIVE = replace(SNAPSHOT, latency_ms=STAGES)


class StandInWindow:
    """Keeps what it is shown; closed when told so."""

    def __init__(self, title: str) -> None:
        self.shown: list[tuple[Image, list[str], str | None]] = []
        self.is_open = True

    def show(self, image: Image, lines: list[str], alert: str | None) -> None:
        self.shown.append((image, lines, alert))

    def pump(self) -> bool:
        return self.is_open

    def close(self) -> None:
        self.is_open = False


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the preview sees."""
    now_s = [100.0]
    monkeypatch.setattr("realtime.preview.time.monotonic", lambda: now_s[0])
    return now_s


@pytest.fixture
def preview(monkeypatch: pytest.MonkeyPatch) -> tuple[Preview, StandInWindow]:
    window = StandInWindow("a test")
    monkeypatch.setattr("realtime.preview.Window", lambda title: window)
    return Preview("a test"), window


def flat(level: int) -> Image:
    return np.full((8, 8, 3), level, np.uint8)


def test_the_newest_pair_is_shown_at_most_thirty_times_a_second(
    preview: tuple[Preview, StandInWindow], clock: list[float]
) -> None:
    shower, window = preview
    for level in range(100):
        shower.offer(flat(level), flat(100 + level))
        assert shower.turn(lambda: LIVE)
        clock[0] += 0.01
    assert 20 <= len(window.shown) <= 31
    image = window.shown[-1][0]
    assert image.shape == (8, 16, 3)
    assert image[0, 0, 0] > 90
    assert (image[0, 8] == image[0, 0] + 100).all()


def test_figures_are_asked_for_twice_a_second(
    preview: tuple[Preview, StandInWindow], clock: list[float]
) -> None:
    shower, window = preview
    asked: list[float] = []

    def snapshot() -> Snapshot:
        asked.append(clock[0])
        return LIVE

    for _ in range(200):
        shower.turn(snapshot)
        clock[0] += 0.01
    assert 3 <= len(asked) <= 5
    # Nothing new came in, so it was drawn for its figures only.
    assert len(window.shown) == len(asked)


def test_what_is_wrong_with_the_camera_is_an_alert(
    preview: tuple[Preview, StandInWindow], clock: list[float]
) -> None:
    shower, window = preview
    shower.turn(lambda: replace(LIVE, source_state="lost"))
    clock[0] += 1
    shower.turn(lambda: LIVE)
    assert [alert for _, _, alert in window.shown] == ["source lost", None]


def test_a_closed_window_is_told(preview: tuple[Preview, StandInWindow]) -> None:
    shower, window = preview
    assert shower.turn(lambda: LIVE)
    shower.close()
    assert not shower.turn(lambda: LIVE)
    assert not window.is_open


def test_views_of_another_size_stand_at_the_avatars_height() -> None:
    pair = beside(np.full((20, 40, 3), 9, np.uint8), np.full((10, 10, 3), 99, np.uint8))
    assert pair.shape == (10, 30, 3)
    assert (pair[:, :20] == 9).all()
    assert (pair[:, 20:] == 99).all()


def test_the_figures_name_rates_drops_and_stages() -> None:
    said = figures(LIVE)
    assert said[:2] == [
        "30.0 fps in  29.5 fps out  dropped 2",
        "bundle tiny@01234567  onnxruntime-cpu",
    ]
    assert "model p50 1.0 p95 20.2 ms" in said
    nothing = dict.fromkeys(FIGURES)
    assert len(figures(replace(LIVE, latency_ms=dict.fromkeys(STAGES, nothing)))) == 2
