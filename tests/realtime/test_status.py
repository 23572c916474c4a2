"""The status line: on a terminal, off a terminal, and what it says."""

from __future__ import annotations

import contextlib
import io
import json
import os
import threading
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from realtime.report import Snapshot, info_message
from realtime.status import StatusLine, format_status, format_summary

FIGURES = {"p50": 1.04, "p95": 20.2, "p99": 3.0, "max": 4.0}
NOTHING = dict.fromkeys(FIGURES)
SNAPSHOT = Snapshot(
    source="demo",
    source_state="live",
    backend="onnxruntime-cpu",
    bundle="tiny@01234567",
    stream="main",
    address="tcp://127.0.0.1:5555",
    clock="tcp://127.0.0.1:5556",
    codec="jpeg",
    duration_s=10.0,
    fps_in=30.0,
    fps_out=29.5,
    fps_mean=29.8,
    captured=300,
    published=298,
    sent=100,
    dropped={"infer_busy": 2, "publish_busy": 0},
    latency_ms={"infer": FIGURES, "total": FIGURES},
    subscribers=1,
    subscribers_max=2,
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return 7


def test_it_says_what_matters_first() -> None:
    assert format_status(SNAPSHOT) == (
        "demo | onnxruntime-cpu | fps in 30.0 out 29.5 | drops infer_busy 2 | watching 1 | "
        "ms p50/p95: total 1.0/20 infer 1.0/20"
    )


def test_it_says_when_the_camera_is_lost_and_when_there_is_nothing_to_say() -> None:
    empty = replace(SNAPSHOT, source_state="lost", dropped={}, latency_ms={"total": NOTHING})
    said = format_status(empty)
    assert said.startswith("demo (lost) | ")
    assert said.endswith("| drops 0 | watching 1 | ms p50/p95: -")
    assert format_summary(empty).endswith("drops 0, camera to network p50 - ms, p95 - ms")


def test_of_a_long_name_the_end_is_shown() -> None:
    path = "/a/long/way/to/the/place/where/the/clip.mp4 is"
    said = format_status(replace(SNAPSHOT, source=path))
    assert said.startswith(f"...{path[-29:]} | onnxruntime-cpu | ")


def test_the_summary_counts_everything() -> None:
    assert format_summary(SNAPSHOT) == (
        "published 298 of 300 frames in 10.0 s (29.8 fps), drops infer_busy 2, "
        "camera to network p50 1.0 ms, p95 20 ms"
    )


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the status line sees."""
    now_s = [100.0]
    monkeypatch.setattr("realtime.status.time.monotonic", lambda: now_s[0])
    return now_s


def test_on_a_terminal_one_line_is_rewritten_within_its_width(
    monkeypatch: pytest.MonkeyPatch, clock: list[float]
) -> None:
    monkeypatch.setattr(
        "realtime.status.os.get_terminal_size", lambda _: os.terminal_size((40, 20))
    )
    terminal = Terminal()
    line = StatusLine(terminal)
    line.update(lambda: pytest.fail("it is not time yet"))
    for _ in range(2):
        clock[0] += 0.6
        line.update(lambda: SNAPSHOT)
        while line._log.waits:
            pass
    line.say("the camera is back")
    line.close()
    shown = format_status(SNAPSHOT)[:39]
    assert terminal.getvalue() == (
        f"\r\x1b[K{shown}\r\x1b[K{shown}\r\x1b[Klaunch: the camera is back\n"
    )


def test_elsewhere_it_is_a_plain_line_every_five_seconds(clock: list[float]) -> None:
    log = io.StringIO()
    line = StatusLine(log)
    for _ in range(12):
        clock[0] += 1.0
        line.update(lambda: SNAPSHOT)
    line.close()
    assert log.getvalue() == 2 * (format_status(SNAPSHOT) + "\n")


def test_as_json_each_thing_is_one_object_on_a_line(clock: list[float]) -> None:
    log = Terminal()  # a terminal makes no difference to it
    line = StatusLine(log, as_json=True)
    line.say('the camera said "no"\nand went, \x1b[31m')
    for _ in range(6):
        clock[0] += 1.0
        line.update(lambda: SNAPSHOT)
    line.clear()
    line.close()
    event, figures = map(json.loads, log.getvalue().splitlines())
    assert event.keys() == {"time", "event"}
    assert event["event"] == 'the camera said "no"\nand went, \x1b[31m'
    assert figures.keys() == {"time", "figures"}
    assert figures["figures"] == json.loads(json.dumps(info_message(SNAPSHOT)))
    for told in (event, figures):
        assert datetime.fromisoformat(told["time"]).utcoffset() == timedelta(0)


def test_threads_that_speak_at_once_do_not_mix_their_lines() -> None:
    log = io.StringIO()
    line = StatusLine(log, as_json=True)
    threads = [
        threading.Thread(target=lambda name=name: [line.say(f"{name} {n}") for n in range(100)])
        for name in "abcd"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    line.close()
    said = [json.loads(text)["event"] for text in log.getvalue().splitlines()]
    assert sorted(said) == sorted(f"{name} {n}" for name in "abcd" for n in range(100))


@pytest.mark.parametrize("as_json", [True, False])
def test_that_nobody_reads_it_stops_nothing(as_json: bool) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w", buffering=1) as log:  # noqa: PTH123
        line = StatusLine(log, as_json=as_json)
        line.say("to nobody")
        line.clear()
        line.close()
        with contextlib.suppress(BrokenPipeError):
            log.close()
