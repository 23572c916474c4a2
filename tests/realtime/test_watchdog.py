"""The watchdog sees a thread that stands still, and tells systemd only what is true."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from realtime.errors import StageStalled
from realtime.health import Pulse
from realtime.watchdog import Stage, Watchdog, notify_systemd


class Silent(Pulse):
    """Of a step in that thread, which has given no sign of life for as long as the test says."""

    silent_s = 0.0

    def __init__(self, thread: threading.Thread) -> None:
        self.thread = thread.ident or 0


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
    pulse, said, fatal = Silent(waiting), [], []
    dog = Watchdog(
        {"model": Stage(thread=threading.main_thread(), pulse=pulse, replaceable=replaceable)},
        on_event=said.append,
        on_fatal=fatal.append,
        is_ready=lambda: True,
    )
    for pulse.silent_s in (0.5, 1.5, 2.0, 11.0, 12.0):
        dog.look()
    assert dog.stalled == ("model",)
    assert [type(error) for error in fatal] == ([] if replaceable else [StageStalled])
    pulse.silent_s = 0.1
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
        pulse = Silent(waiting)
        dog = Watchdog(
            {"model": Stage(thread=waiting, pulse=pulse, replaceable=False)},
            on_event=lambda line: None,
            on_fatal=lambda error: None,
            is_ready=lambda: True,
        )
        dog.look()
        dog.look()
        pulse.silent_s = 5.0
        dog.look()
        heard = [systemd.recv(64) for _ in range(3)]
        assert heard == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
        with pytest.raises(BlockingIOError):
            systemd.recv(64)


def test_without_systemd_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify_systemd("READY=1")
