"""What takes long while the program starts is said once; what takes too long is given up.

A call that keeps Python's lock needs a process of its own: tests/end_to_end/faults.
"""

from __future__ import annotations

import threading

from realtime.starting import limited


def hang_in_a_library(until: threading.Event) -> None:
    until.wait(30)


def test_a_library_that_takes_long_is_said_once_with_its_stack() -> None:
    said: list[str] = []
    heard = threading.Event()

    def hear(sentence: str) -> None:
        said.append(sentence)
        heard.set()

    with limited("opening the model", 60, on_event=hear, give_up=said.append, slow_s=0.05):
        hang_in_a_library(heard)
    assert len(said) == 1
    assert said[0].startswith("opening the model takes more than 0.05 s, at ")
    assert "hang_in_a_library" in said[0]


def test_one_that_takes_too_long_is_given_up() -> None:
    last: list[str] = []
    over = threading.Event()

    def give_up(sentence: str) -> None:
        last.append(sentence)
        over.set()

    with limited("opening the model", 0.05, on_event=last.append, give_up=give_up):
        hang_in_a_library(over)
    assert len(last) == 1
    assert last[0].startswith("opening the model took more than 0.05 s (--start-limit), at ")
    assert "hang_in_a_library" in last[0]


def test_what_is_done_in_time_is_not_said() -> None:
    said: list[str] = []
    with limited("opening the model", 60, on_event=said.append, give_up=said.append):
        timers = [one for one in threading.enumerate() if isinstance(one, threading.Timer)]
    assert len(timers) >= 2
    for timer in timers:
        timer.join(10)
        assert not timer.is_alive()
    assert said == []
