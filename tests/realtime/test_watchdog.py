"""The watchdog sees a thread that stands still, and tells systemd only what is true."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from realtime.errors import StageStalled
from realtime.watchdog import Stage, Watchdog, notify_systemd, said_if_slow


@pytest.fixture
def waiting() -> Iterator[threading.Thread]:
    """A thread that waits in `stand_still`."""
    over = threading.Event()

    def stand_still() -> None:
        over.wait()

    thread = threading.Thread(target=stand_still)
    thread.start()
    yield thread
    over.set()
    thread.join()


@pytest.mark.parametrize("replaceable", [True, False])
def test_a_stall_is_said_once_with_its_stack_and_may_end_the_run(
    waiting: threading.Thread, replaceable: bool
) -> None:
    silent_s, said, fatal = [0.0], [], []
    dog = Watchdog(
        {"model": Stage(thread=waiting, silent_s=lambda: silent_s[0], replaceable=replaceable)},
        on_event=said.append,
        on_fatal=fatal.append,
        is_ready=lambda: True,
    )
    for silent_s[0] in (0.5, 1.5, 2.0, 11.0, 12.0):
        dog.look()
    assert dog.stalled == ("model",)
    assert [type(error) for error in fatal] == ([] if replaceable else [StageStalled])
    silent_s[0] = 0.1
    dog.look()
    assert dog.stalled == ()
    assert len(said) == 2
    assert said[0].startswith("model stands still for 1.5 s, at ")
    assert "stand_still" in said[0]
    assert said[1] == "model goes on after 12.0 s"


def test_systemd_hears_ready_once_and_no_sign_of_life_of_a_model_that_hangs(
    waiting: threading.Thread, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        silent_s = [0.0]
        dog = Watchdog(
            {"model": Stage(thread=waiting, silent_s=lambda: silent_s[0], replaceable=False)},
            on_event=lambda line: None,
            on_fatal=lambda error: None,
            is_ready=lambda: True,
        )
        dog.look()
        dog.look()
        silent_s[0] = 5.0
        dog.look()
        heard = [systemd.recv(64) for _ in range(3)]
        assert heard == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
        with pytest.raises(BlockingIOError):
            systemd.recv(64)


def test_without_systemd_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify_systemd("READY=1")


def test_a_library_that_takes_long_is_said_once_with_its_stack() -> None:
    said: list[str] = []
    heard = threading.Event()

    def hear(sentence: str) -> None:
        said.append(sentence)
        heard.set()

    def hang_in_a_library() -> None:
        heard.wait(30)

    with said_if_slow("opening the model", hear, after_s=0.05):
        hang_in_a_library()
    assert len(said) == 1
    assert said[0].startswith("opening the model takes more than 0.05 s, at ")
    assert "hang_in_a_library" in said[0]


def test_what_is_done_in_time_is_not_said() -> None:
    said: list[str] = []
    with said_if_slow("opening the model", said.append, after_s=30):
        timers = [one for one in threading.enumerate() if isinstance(one, threading.Timer)]
    assert timers
    for timer in timers:
        timer.join(10)
        assert not timer.is_alive()
    assert said == []
