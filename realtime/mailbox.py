"""`Mailbox`: the one-slot hand-over between two threads of the live side; the newest wins.

A queue would turn a slow stage into growing lag. A mailbox turns it into dropped frames, which are
counted, so the age of what comes out is bounded by the work in progress.

A thread that ends closes its mailbox; one that fails closes it *with the exception*, which the
reader then meets at its next `get` - no failure happens where nobody listens.
"""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Closed(Exception):
    """The writer has ended, in good order, and the last item has been taken."""


class Mailbox(Generic[T]):
    """One slot between one writer and one reader. Every wait has a timeout."""

    def __init__(self) -> None:
        self._item: T | None = None
        self._closed = False
        self._error: BaseException | None = None
        self._changed = threading.Condition()
        self.dropped = 0
        """Items that a newer one replaced before anybody took them."""

    @property
    def full(self) -> bool:
        """An item waits to be taken."""
        return self._item is not None

    def put(self, item: T) -> None:
        """Hand over `item` without waiting; an item still in the slot is dropped and counted.

        Does nothing once the mailbox is closed.
        """
        with self._changed:
            if self._closed:
                return
            if self._item is not None:
                self.dropped += 1
            self._item = item
            self._changed.notify_all()

    def put_when_free(self, item: T, timeout: float) -> bool:
        """Wait up to `timeout` seconds for the slot to be free. False: it was not; nothing done.

        True, and nothing done, once the mailbox is closed.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._item is None or self._closed, timeout):
                return False
            if not self._closed:
                self._item = item
                self._changed.notify_all()
            return True

    def get(self, timeout: float) -> T | None:
        """The item, waiting up to `timeout` seconds for one; None when none came.

        Raises `Closed` once the writer has closed and the slot is empty, or the exception that the
        writer closed with.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._item is not None or self._closed, timeout)
            item, self._item = self._item, None
            if item is not None:
                self._changed.notify_all()
                return item
            if self._error is not None:
                raise self._error
            if self._closed:
                raise Closed
            return None

    def close(self, error: BaseException | None = None) -> None:
        """No more items will come; `error` is raised at the reader. Only the first call counts."""
        with self._changed:
            if not self._closed:
                self._closed, self._error = True, error
                self._changed.notify_all()
