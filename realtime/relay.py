"""`Relay`: a mailbox whose reader lends its work to the writer for as long as it waits.

To wake a thread, and to bring a picture to its core, takes longer than much of what there is to do
with one. So the writer that finds the reader waiting does the work itself, if it is quick. It is
done by one thread at a time and in order, and what goes wrong is raised at the reader, whose work
it is.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from realtime.mailbox import Mailbox

T = TypeVar("T")

QUICK_S = 0.004
"""Work that took longer twice in a row is left to the reader; once, the machine was busy."""


class Relay(Mailbox[T]):
    """For a reader that only calls `serve`."""

    def __init__(self, *, hurried: Callable[[], bool] = lambda: False) -> None:
        """hurried: whether the writer has more to do at once, and leaves the work to the reader."""
        super().__init__()
        self._hurried = hurried
        self._at_work = threading.Lock()
        """Held by whoever works, and by a reader that does not wait."""
        self._at_work.acquire()
        self._work: Callable[[T], None] = lambda item: None
        self._slow = 2
        """So often in a row the work was not quick; who has done none yet may be slow."""
        self._failure: BaseException | None = None
        self._left = self._taken = 0
        """Items left to the reader, and those of them that it took."""

    def put(self, item: T) -> None:
        """As `Mailbox.put`; the work may be done meanwhile."""
        if not self._done_here(item):
            self._left += 1
            super().put(item)

    def put_when_free(self, item: T, timeout: float) -> bool:
        """As `Mailbox.put_when_free`; the work may be done meanwhile."""
        if self._done_here(item):
            return True
        done = super().put_when_free(item, timeout)
        self._left += done
        return done

    def serve(self, work: Callable[[T], None], timeout: float) -> None:
        """Do `work` with the next item, waiting up to `timeout` seconds for one; meanwhile, the
        writer may do it with any number of them.

        Raises what `get` raises, and what `work` raised, here or there.
        """
        self._work = work
        self._at_work.release()
        try:
            item = self.get(timeout)
        finally:
            self._at_work.acquire()
            if self._failure is not None:
                raise self._failure
        if item is not None:
            self._taken += 1
            self._do(item)

    def _done_here(self, item: T) -> bool:
        """Whether the writer could do it, and did."""
        waits = self._left - self.dropped > self._taken
        if waits or self._slow > 1 or self._hurried() or not self._at_work.acquire(blocking=False):
            return False
        try:
            self._do(item)
        except BaseException as error:
            self._failure, self._slow = error, 2
        finally:
            self._at_work.release()
        return True

    def _do(self, item: T) -> None:
        started_s = time.monotonic()
        self._work(item)
        quick = time.monotonic() - started_s < QUICK_S
        self._slow = 0 if quick else self._slow + 1
