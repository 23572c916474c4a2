"""Failures are said once for each episode, and end the run once nothing goes through any more."""

from __future__ import annotations

import threading

import pytest

from realtime.health import GIVE_UP_S, Failures, Pulse, describe, start_thread

CALM_S = 10.0
"""So long without a failure ends an episode, as docs and code say."""


@pytest.fixture
def clock_s(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that `Failures` and `Pulse` see."""
    now_s = [100.0]
    monkeypatch.setattr("realtime.health.time.monotonic", lambda: now_s[0])
    monkeypatch.setattr("realtime.health.time.monotonic_ns", lambda: round(now_s[0] * 1e9))
    return now_s


def test_a_step_that_fails_now_and_then_is_counted_and_said_once(clock_s: list[float]) -> None:
    said: list[str] = []
    failures = Failures(said.append)
    assert (failures.count, failures.error) == (0, None)
    for number in range(1, 6):
        clock_s[0] += GIVE_UP_S - 1
        error = ValueError(f"frame {number}")
        failures.failed(error)
        assert (failures.count, failures.error) == (number, error)
        failures.worked()
        assert failures.error is None
    assert said == ["frame 1; the frame is left out"]


def test_after_a_calm_the_next_failure_is_said_anew(clock_s: list[float]) -> None:
    said: list[str] = []
    failures = Failures(said.append)
    for pause_s in (0.0, CALM_S - 0.1, CALM_S + 0.1):
        clock_s[0] += pause_s
        failures.failed(ValueError(f"after {pause_s:g} s"))
        failures.worked()
    assert said == [f"after {s} s; the frame is left out" for s in ("0", "10.1")]
    assert failures.count == 3


def test_a_step_that_always_fails_raises_its_last_error(clock_s: list[float]) -> None:
    failures = Failures(lambda _: None)
    failures.failed(ValueError("first"))
    clock_s[0] += GIVE_UP_S
    failures.failed(ValueError("not yet"))
    clock_s[0] += 0.1
    with pytest.raises(ValueError, match="last"):
        failures.failed(ValueError("last"))
    assert failures.count == 3


def test_a_frame_that_goes_through_gives_the_step_its_time_again(clock_s: list[float]) -> None:
    failures = Failures(lambda _: None)
    failures.failed(ValueError("first"))
    clock_s[0] += GIVE_UP_S
    failures.worked()
    clock_s[0] += 1.0
    failures.failed(ValueError("of a new row"))
    clock_s[0] += GIVE_UP_S
    failures.failed(ValueError("still of it"))


def test_a_pulse_is_as_old_as_its_last_beat(clock_s: list[float]) -> None:
    pulse = Pulse()
    clock_s[0] += 2.5
    assert pulse.silent_s == pytest.approx(2.5)
    pulse.beat()
    assert pulse.silent_s == 0.0


def test_a_pulse_at_rest_is_not_silent(clock_s: list[float]) -> None:
    pulse = Pulse()
    pulse.rest()
    clock_s[0] += 2.5
    assert pulse.silent_s == 0.0
    pulse.beat()
    clock_s[0] += 1.0
    assert pulse.silent_s == pytest.approx(1.0)


def test_a_pulse_tells_which_thread_does_the_step() -> None:
    pulse = Pulse()
    helper = threading.Thread(target=pulse.beat)
    helper.start()
    helper.join(10.0)
    assert pulse.thread == helper.ident != threading.get_ident()


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("asked, got"), "asked, got"),
        (ValueError(), "ValueError"),
        (MemoryError(), "out of memory (no room for a picture)"),
        (MemoryError("no room\n  for 4 GiB"), "out of memory (no room for 4 GiB)"),
    ],
)
def test_an_error_is_one_line(error: Exception, line: str) -> None:
    assert describe(error) == line


class Unstartable(threading.Thread):
    """As Python says it where there is no room for a stack, or another reason."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self._reason = reason

    def start(self) -> None:
        raise RuntimeError(self._reason)


def test_no_room_for_a_thread_is_a_want_of_memory_and_a_mistake_is_not() -> None:
    with pytest.raises(MemoryError, match="no room for another thread"):
        start_thread(Unstartable("can't start new thread"))
    with pytest.raises(RuntimeError, match="only be started once"):
        start_thread(Unstartable("threads can only be started once"))
    started = threading.Event()
    start_thread(threading.Thread(target=started.set))
    assert started.wait(10.0)
