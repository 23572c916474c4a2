"""Several subscribers of one real `launch.py`: whatever one of them does, none disturbs another.

Two watch all the time. Meanwhile one stops reading and comes back, one comes late, and one asks for
a stream that there is not. A stall of three seconds, to keep the test short, is a hundred pictures:
some of them wait for who does not read, in the buffers of the network; a longer stall fills these
and costs him pictures, which test_publisher.py has.
"""

from __future__ import annotations

import signal
import statistics
import threading
import time
from dataclasses import dataclass
from typing import Any, Self

import pytest

from realtime.client import Client, Packet
from realtime.frame import unix_us
from realtime.wire import parse
from tests.end_to_end.bare_client import PATIENCE_S, BareClient
from tests.end_to_end.live import FPS, live_stream
from tests.end_to_end.test_launch import read_json
from tests.realtime.broadcast import wait_until

STALL_S = 3.0


class Watcher(threading.Thread):
    """A client that reads all the time; a context manager."""

    def __init__(self, address: str, stream: str = "main") -> None:
        super().__init__()
        self.client = Client(address, stream)
        self.packets: list[Packet] = []
        self.ages_ms: list[float] = []
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.is_set():
            if (packet := self.client.read(0.05)) is not None:
                self.ages_ms.append(self.client.age_ms(packet))
                self.packets.append(packet)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self.join()
        self.client.close()

    @property
    def seq(self) -> int:
        """Of the newest picture."""
        return self.packets[-1].header.seq


class Slow:
    """A connection that can stop reading, so that the publisher feels it; a context manager."""

    def __init__(self, address: str) -> None:
        self._client = BareClient(address, buffer_bytes=4096)
        self._client.subscribe(b"avatar/main")
        self.seqs: list[int] = []
        self.ages_ms: list[float] = []

    def read(self) -> int:
        """Take one message; its seq."""
        header = parse(self._client.message()).header
        self.seqs.append(header.seq)
        self.ages_ms.append((unix_us() - header.capture_us) / 1000)
        return header.seq

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Who was there, and what happened."""

    first: Watcher
    second: Watcher
    wrong: Watcher
    late: Watcher
    slow: Slow
    seq_at_stall: int
    seq_at_late: int
    seq_at_return: int
    report: dict[str, Any]
    """The publisher's, at its end."""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("live")
    report = folder / "report.json"
    with live_stream(folder, "--codec", "raw", "--report", report) as (process, address):
        with Watcher(address) as first, Watcher(address) as second:
            wait_until(lambda: first.packets and second.packets)
            events = _meanwhile(address, first)
            wait_until(lambda: _subscribers(first) == 2)  # the others are gone, and it noticed
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=6 * PATIENCE_S)
    return Story(first=first, second=second, report=read_json(report), **events)


def _meanwhile(address: str, first: Watcher) -> dict[str, Any]:
    with Watcher(address, "other") as wrong, Slow(address) as slow:
        slow.read()
        seq_at_stall = first.seq
        time.sleep(STALL_S / 2)
        seq_at_late = first.seq
        with Watcher(address) as late:
            time.sleep(STALL_S / 2)
            wait_until(lambda: late.packets and wrong.client.other_streams)
            wait_until(lambda: _subscribers(first) == 4)  # not the wrong one
            seq_at_return = first.seq
            while slow.read() < seq_at_return:
                pass
    return {
        "wrong": wrong,
        "slow": slow,
        "late": late,
        "seq_at_stall": seq_at_stall,
        "seq_at_late": seq_at_late,
        "seq_at_return": seq_at_return,
    }


def _subscribers(watcher: Watcher) -> int:
    """As the publisher told it last."""
    return int((watcher.client.info or {})["subscribers"])


def test_those_who_watch_all_the_time_lose_nothing_and_see_what_is_new(story: Story) -> None:
    assert story.seq_at_return - story.seq_at_stall > STALL_S * FPS / 2
    for watcher in (story.first, story.second):
        tally = watcher.client.tally
        assert (tally.lost, tally.malformed, tally.restarts, tally.repeated) == (0, {}, 0, 0)
        assert statistics.median(watcher.ages_ms) < STALL_S * 1000 / 3
    first, second = (watcher.packets[0].header.stream_id for watcher in (story.first, story.second))
    assert first == second


def test_one_who_comes_late_begins_with_the_present(story: Story) -> None:
    tally = story.late.client.tally
    assert story.late.packets[0].header.seq >= story.seq_at_late
    assert (tally.lost, tally.malformed) == (0, {})
    assert story.late.client.info is not None
    assert statistics.median(story.late.ages_ms) < STALL_S * 1000 / 3


def test_one_who_stops_reading_gets_the_past_first_and_then_the_present(story: Story) -> None:
    """Which is why a client must take in everything and show the newest."""
    seqs = story.slow.seqs
    assert seqs == sorted(set(seqs))
    assert story.slow.ages_ms[1] > 900 * STALL_S
    assert seqs[1] < story.seq_at_late
    assert seqs[-1] >= story.seq_at_return


def test_one_who_asks_for_another_stream_gets_none_and_can_tell(story: Story) -> None:
    assert story.wrong.client.tally.received == 0
    assert story.wrong.client.tally.malformed == {}
    assert story.wrong.client.other_streams == {"main"}


def test_only_those_who_asked_for_the_pictures_are_counted(story: Story) -> None:
    assert story.report["subscribers_max"] == 4


def test_the_publisher_waits_for_nobody(story: Story) -> None:
    frames = story.report["frames"]
    assert story.report["ended"] == "stopped by a signal"
    assert frames["captured"] == frames["published"] + sum(frames["dropped"].values())
    assert frames["sent"] > story.seq_at_return
    assert story.report["latency_ms"]["publish"]["p95"] < STALL_S * 1000 / 3
