"""The mailbox whose writer may do the reader's work: in order, and errors are the reader's."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from realtime import relay
from realtime.mailbox import Closed
from realtime.relay import Relay

LONG_S = 30.0
TURN_S = 0.01


class Reader(threading.Thread):
    """Serves until the end, and remembers which thread did the work with which item."""

    def __init__(self, box: Relay[int], turn_s: float = TURN_S, **pauses_s: float) -> None:
        """turn_s: so long it waits at a time. pauses_s: `n3=0.1` is how long the work with 3
        takes."""
        super().__init__(name="reader")
        self.box, self.turn_s, self.pauses_s = box, turn_s, pauses_s
        self.done: list[int] = []
        self.here: set[int] = set()
        """Items whose work was done by this thread."""
        self.error: BaseException | None = None
        self._working = threading.Lock()

    def run(self) -> None:
        try:
            while True:
                self.box.serve(self.work, self.turn_s)
        except BaseException as error:
            self.error = error

    def work(self, item: int) -> None:
        assert self._working.acquire(blocking=False), "two threads work at once"
        time.sleep(self.pauses_s.get(f"n{item}", 0.0))
        if item < 0:
            raise ValueError(f"cannot do {item}")
        self.done.append(item)
        if threading.current_thread() is self:
            self.here.add(item)
        self._working.release()

    def wait_for(self, item: int) -> None:
        deadline_s = time.monotonic() + LONG_S
        while item not in self.done:
            assert time.monotonic() < deadline_s, (item, self.done, self.error)
            time.sleep(0.001)

    def wait_until_it_waits(self) -> None:
        deadline_s = time.monotonic() + LONG_S
        while self.box._at_work.locked():
            assert time.monotonic() < deadline_s, (self.done, self.error)
            time.sleep(0.001)


@contextmanager
def serving(box: Relay[int], turn_s: float = TURN_S, **pauses_s: float) -> Iterator[Reader]:
    """A reader whose work is known to be quick: it did item 0."""
    reader = Reader(box, turn_s, **pauses_s)
    reader.start()
    box.put(0)
    reader.wait_for(0)
    try:
        yield reader
    finally:
        box.close()
        reader.join(LONG_S)
        assert not reader.is_alive()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine too, only what sleeps for long takes long."""
    monkeypatch.setattr(relay, "QUICK_S", 0.5)


def put_until_done_here(reader: Reader, first: int) -> int:
    """Put numbers until the writer does the work; the number after the last."""
    for item in range(first, first + 10_000):
        assert reader.box.put_when_free(item, LONG_S)
        reader.wait_for(item)
        if item not in reader.here:
            return item + 1
    pytest.fail("the writer never did the work")


def test_the_first_work_is_the_readers_and_then_the_writer_does_it() -> None:
    with serving(Relay()) as reader:
        assert reader.here == {0}
        end = put_until_done_here(reader, 1)
        assert reader.done == list(range(end))
        assert reader.box.dropped == 0


def test_work_that_takes_long_is_left_to_the_reader_until_it_is_quick_again() -> None:
    with serving(Relay(), n100001=0.6, n100002=0.6) as reader:
        put_until_done_here(reader, 1)
        for item in (100_001, 100_002, 100_003):  # by whom the first two are done is not known
            assert reader.box.put_when_free(item, LONG_S)
            reader.wait_for(item)
        assert 100_003 in reader.here
        put_until_done_here(reader, 100_004)
        assert reader.error is None


def test_work_that_takes_long_once_is_not_left_to_the_reader() -> None:
    with serving(Relay(), LONG_S, n100001=0.6) as reader:
        put_until_done_here(reader, 1)
        assert reader.box.put_when_free(100_001, LONG_S)
        reader.wait_for(100_001)
        reader.wait_until_it_waits()  # it may have done that one itself
        assert reader.box.put_when_free(100_002, LONG_S)
        assert 100_002 in reader.done
        assert 100_002 not in reader.here


def test_a_writer_in_a_hurry_leaves_the_work() -> None:
    with serving(Relay(hurried=lambda: True)) as reader:
        for item in range(1, 20):
            assert reader.box.put_when_free(item, LONG_S)
        reader.wait_for(19)
        assert reader.here == set(range(20))


def test_nothing_is_done_twice_or_out_of_order_whoever_does_it() -> None:
    hurried = [False]
    with serving(Relay(hurried=lambda: hurried[0])) as reader:
        for item in range(1, 3000):
            hurried[0] = item % 3 == 0
            assert reader.box.put_when_free(item, LONG_S)
        reader.wait_for(2999)
        assert reader.done == list(range(3000))
        assert {item % 3 == 0 for item in reader.here} >= {True}
        assert len(reader.here) < 3000


def test_the_newest_wins_while_the_reader_works_and_the_rest_is_counted() -> None:
    with serving(Relay(hurried=lambda: True), n1=0.2) as reader:
        for item in range(1, 50):
            reader.box.put(item)
            time.sleep(0.001)
        reader.wait_for(49)
        assert reader.done == sorted(set(reader.done))
        assert reader.box.dropped == 50 - len(reader.done) > 0


@pytest.mark.parametrize("there", [False, True])
def test_what_goes_wrong_is_raised_at_the_reader_and_ends_it(there: bool) -> None:
    with serving(Relay(hurried=lambda: not there)) as reader:
        if there:
            put_until_done_here(reader, 1)
        reader.box.put(-1)
        reader.join(LONG_S)
        assert isinstance(reader.error, ValueError)
        done = list(reader.done)
        reader.box.put(50)
        assert not reader.box.put_when_free(51, TURN_S)
        assert reader.done == done, "nobody does the work of a reader that has ended"


def test_the_writers_end_reaches_the_reader_behind_the_last_work() -> None:
    with serving(Relay()) as reader:
        put_until_done_here(reader, 1)
    assert isinstance(reader.error, Closed)


def test_the_writers_error_reaches_the_reader() -> None:
    with serving(Relay()) as reader:
        reader.box.close(OSError("no camera"))
        reader.join(LONG_S)
    assert isinstance(reader.error, OSError)


def test_before_the_reader_serves_the_writer_does_nothing() -> None:
    box: Relay[int] = Relay()
    box.put(1)
    box.put(2)
    assert box.dropped == 1
    assert box.get(0) == 2
