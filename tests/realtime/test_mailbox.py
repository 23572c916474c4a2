"""The hand-over between threads: the newest wins, drops are counted, errors reach the reader."""

from __future__ import annotations

import threading

import pytest

from realtime.mailbox import Closed, Mailbox

SOON_S = 0.02
LONG_S = 30.0


def test_the_newest_item_wins_and_the_older_is_counted() -> None:
    mailbox: Mailbox[int] = Mailbox()
    for item in (1, 2, 3):
        mailbox.put(item)
    assert mailbox.get(0) == 3
    assert mailbox.dropped == 2
    assert mailbox.get(SOON_S) is None


def test_false_items_are_items() -> None:
    mailbox: Mailbox[int] = Mailbox()
    mailbox.put(0)
    assert not mailbox.put_when_free(1, SOON_S)
    assert mailbox.get(0) == 0


def test_put_when_free_drops_nothing() -> None:
    mailbox: Mailbox[int] = Mailbox()
    got: list[int | None] = []

    def read() -> None:
        got.extend(mailbox.get(LONG_S) for _ in range(200))

    reader = threading.Thread(target=read)
    reader.start()
    assert all(mailbox.put_when_free(item, LONG_S) for item in range(200))
    reader.join(LONG_S)
    assert got == list(range(200))
    assert mailbox.dropped == 0


def test_a_waiting_reader_is_woken() -> None:
    mailbox: Mailbox[str] = Mailbox()
    timer = threading.Timer(SOON_S, mailbox.put, ["here"])
    timer.start()
    assert mailbox.get(LONG_S) == "here"
    timer.join()


def test_the_last_item_comes_before_the_end() -> None:
    mailbox: Mailbox[int] = Mailbox()
    mailbox.put(1)
    mailbox.close()
    assert mailbox.get(0) == 1
    for _ in range(2):
        with pytest.raises(Closed):
            mailbox.get(0)


def test_the_writers_error_is_raised_at_the_reader() -> None:
    mailbox: Mailbox[int] = Mailbox()
    mailbox.put(1)
    mailbox.close(ValueError("broken"))
    mailbox.close(ValueError("too late to count"))
    assert mailbox.get(0) == 1
    with pytest.raises(ValueError, match="broken"):
        mailbox.get(0)


def test_closing_wakes_both_sides() -> None:
    mailbox: Mailbox[int] = Mailbox()
    mailbox.put(1)
    timer = threading.Timer(SOON_S, mailbox.close)
    timer.start()
    assert mailbox.put_when_free(2, LONG_S), "a writer is not kept waiting for a reader that left"
    timer.join()
    assert mailbox.get(0) == 1
    with pytest.raises(Closed):
        mailbox.get(0)


def test_nothing_comes_after_the_end() -> None:
    mailbox: Mailbox[int] = Mailbox()
    mailbox.close()
    mailbox.put(1)
    with pytest.raises(Closed):
        mailbox.get(0)
