"""The log: whoever reads it slowly, or not at all, holds nobody up."""

from __future__ import annotations

import contextlib
import io
import os
import threading
import time
from collections.abc import Iterator

import pytest

from realtime import log as module
from realtime.log import THREAD, Log

LINE = "a line of a hundred characters".ljust(99, ".") + "\n"
PATIENCE_S = 10.0


@pytest.fixture
def pipe() -> Iterator[tuple[int, io.TextIOWrapper]]:
    """Its reading end, and the other one as a program has its stderr."""
    reading, writing = os.pipe()
    with open(writing, "w", buffering=1) as stream:  # noqa: PTH123
        yield reading, stream
        with contextlib.suppress(OSError):
            os.close(reading)
        with contextlib.suppress(BrokenPipeError):
            stream.close()


def missing(count: int) -> str:
    return f"{count} are missing\n"


def test_all_is_written_in_order() -> None:
    stream = io.StringIO()
    log = Log(stream, missing)
    for number in range(100):
        log.write(f"{number}\n")
    log.close()
    assert stream.getvalue() == "".join(f"{number}\n" for number in range(100))
    assert THREAD not in {thread.name for thread in threading.enumerate()}


def fill(stream: io.TextIOWrapper) -> int:
    """With as many lines as there is room for."""
    os.set_blocking(stream.fileno(), False)
    count = 0
    with contextlib.suppress(BlockingIOError):
        while os.write(stream.fileno(), LINE.encode()):
            count += 1
    os.set_blocking(stream.fileno(), True)
    return count


def test_nobody_waits_for_a_reader_that_stands_still(pipe: tuple[int, io.TextIOWrapper]) -> None:
    reading, stream = pipe
    written = fill(stream)
    log = Log(stream, missing)
    log.write(LINE)
    while log.waits:
        time.sleep(0.01)
    # Now its thread stands in a write, and takes no more.
    more = module._MOST_WAITING + 5
    for _ in range(more):
        log.write(LINE)
    written += 1 + more
    assert log.waits
    closing_s = time.monotonic()
    log.close()
    assert time.monotonic() - closing_s < PATIENCE_S  # and not for ever
    assert THREAD in {thread.name for thread in threading.enumerate()}  # still in its write

    got = b""
    while got.count(b"\n") < module._MOST_WAITING:
        got += os.read(reading, 1 << 16)
    while log.waits:
        got += os.read(reading, 1 << 16)
    log.write("it reads again\n")
    log.close()
    while b"it reads again\n" not in got:
        got += os.read(reading, 1 << 16)
    lines = got.decode().splitlines(keepends=True)
    lost = [int(line.split()[0]) for line in lines if line.endswith(" are missing\n")]
    assert lost
    assert lines[-1] == "it reads again\n"
    assert lines.count(LINE) == written - sum(lost) == len(lines) - len(lost) - 1


def test_without_room_for_a_thread_it_is_written_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_room(_thread: threading.Thread) -> None:
        raise MemoryError

    monkeypatch.setattr(module, "start_thread", no_room)
    stream = io.StringIO()
    log = Log(stream, missing)
    log.write("out of memory\n")
    log.close()
    assert stream.getvalue() == "out of memory\n"
