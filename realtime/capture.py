"""`CaptureThread`: always reads the source, so that a camera's queue never grows stale.

    opening --> live <--> lost      lost: reopened, with growing pauses, for as long as it takes
                 |^-> frozen        frozen: gives the same picture again and again
                 |          |
                 v          v
               ended <------'       end of a file, stop(), or an error, which the reader meets

It cannot tell by itself that a driver sits on a read for half a minute; whoever watches it asks its
`pulse`.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from itertools import count
from typing import Literal

import numpy as np

from realtime.errors import SourceError, SourceLost
from realtime.frame import Frame, Image
from realtime.health import Pulse, describe
from realtime.mailbox import Mailbox
from realtime.memory import give_back_memory
from realtime.sources import Source
from realtime.sources.file import FileSource
from realtime.stats import Rate

State = Literal["opening", "live", "frozen", "lost", "ended"]

_PAUSE_MIN_S = 0.25
_PAUSE_MAX_S = 1.0
"""With the time that opening takes, a camera that is back is live within 2 s."""
_PROVED_S = 4.0
"""A source that was live for this long is worth a quick try."""
_FROZEN_S = 1.0
_TIDY_S = 1.0
"""After a loss or a change of size, the pictures from before it are gone."""
_TURN_S = 0.1
_LATE_S = 0.1
"""Who was away from the source for this long may find old pictures in the driver's queue."""
_AT_ONCE_S = 0.008
"""A picture that comes so soon was there before it was asked for, most likely: to read and decode
one takes a slow machine some milliseconds. A new one that does is left out, `_LONGEST_QUEUE` at
most."""
_LONGEST_QUEUE = 8


class CaptureThread(threading.Thread):
    """Reads a source into a mailbox until the source ends or `stop` is called.

    A file that does not play like a camera waits for the reader; everything else never waits.
    The numbers and times of the frames count on when the source was lost and is back.
    """

    def __init__(
        self,
        open_source: Callable[[], Source],
        outbox: Mailbox[Frame],
        on_event: Callable[[str], None] = lambda line: None,
        on_frame: Callable[[Frame, Source], None] | None = None,
    ) -> None:
        """`open_source` is called in this thread, again after each loss.

        on_event: gets a line for people for each note of the source and each change of state.
        on_frame: gets every frame, after the mailbox, and the source; it waits for a file only.
        """
        super().__init__(name="capture", daemon=True)
        self.state: State = "opening"
        self.source: Source | None = None
        """The one that is, or was last, open."""
        self.captured = 0
        """Frames read."""
        self.fps = Rate()
        """Of them, whatever became of them."""
        self.missed = 0
        """Of them, frames that had waited in the source's queue and were too old to hand over."""
        self.repeated = 0
        """Of them, frames left out because the camera gave the one before them again."""
        self._open_source, self._outbox = open_source, outbox
        self._on_event, self._on_frame = on_event, on_frame
        self._stopping = threading.Event()
        self.pulse = Pulse()
        """Silent while a live source holds up a read."""
        self.pulse.rest()
        self._late = 0
        """So many frames more may have waited in a queue."""
        self._last_ns = time.monotonic_ns()
        self._last_pts_us = self._pts_offset_us = 0
        self._told: set[str] = set()
        self._changed_ns = self._last_ns
        self._previous = np.empty((0, 0, 3), np.uint8)
        self._some = b""
        self._live_since_s = 0.0
        self._pause_s = _PAUSE_MIN_S
        self._tidy_at_s = math.inf

    def stop(self) -> None:
        """Ask the thread to end. Returns at once; the thread may be held up in a read."""
        self._stopping.set()

    def run(self) -> None:
        error: BaseException | None = None
        try:
            self._capture()
        except BaseException as failure:
            error = failure
        finally:
            self.state = "ended"
            self.pulse.rest()
            self._outbox.close(error)
            if self.source is not None:
                self.source.close()

    def _capture(self) -> None:
        source: Source | None = self._open()
        while source is not None and not self._stopping.is_set():
            if time.monotonic() > self._tidy_at_s:
                self._tidy_at_s = math.inf
                give_back_memory()
            lost = None
            try:
                frame, waited = self._read(source)
            except (SourceLost, MemoryError) as error:
                lost = describe(error)
            if lost is not None:
                self.pulse.rest()
                source.close()
                source = self._reopen(lost)
                # The old one is part of a cycle, by the error and its stack, and holds pictures.
                self._tidy_soon()
                continue
            if frame is not None:
                self._hand_over(frame, source, waited=waited)
            self._tell_notes(source)
            if frame is None:
                return

    def _read(self, source: Source) -> tuple[Frame | None, bool]:
        """The next frame, and whether it had waited in the source's queue for this thread."""
        if not source.live:
            return source.read(), False
        self.pulse.beat()
        if not self._late:
            return source.read(), False
        asked_s = time.monotonic()
        frame = source.read()
        at_once = time.monotonic() - asked_s < _AT_ONCE_S
        self._late = self._late - 1 if at_once else 0
        return frame, at_once

    def _open(self) -> Source:
        self.source = source = self._open_source()
        self._live_since_s = time.monotonic()
        self.state, self._late = "live", 0
        self._tell_notes(source)
        return source

    def _reopen(self, why: str) -> Source | None:
        """The source, once it is back; None if the thread is to stop."""
        lost_s = time.monotonic()
        self.state = "lost"
        self._on_event(f"camera lost: {why}; trying again")
        # One that is lost again at once is no better than one that does not open.
        if lost_s - self._live_since_s > _PROVED_S:
            self._pause_s = _PAUSE_MIN_S
        for tries in count(1):
            if self._stopping.wait(self._pause_s):
                break
            self._pause_s = min(2 * self._pause_s, _PAUSE_MAX_S)
            try:
                source = self._open()
            except (SourceError, MemoryError):
                continue
            away_us = (time.monotonic_ns() - self._last_ns) // 1000
            self._pts_offset_us = self._last_pts_us + away_us
            back_s = time.monotonic() - lost_s
            self._on_event(f"camera back after {back_s:.1f} s, {tries} tries")
            return source
        return None

    def _hand_over(self, frame: Frame, source: Source, *, waited: bool) -> None:
        if frame.seq != self.captured or self._pts_offset_us:
            frame = Frame(
                image=frame.image,
                seq=self.captured,
                capture_ns=frame.capture_ns,
                capture_unix_us=frame.capture_unix_us,
                pts_us=frame.pts_us + self._pts_offset_us,
            )
        self._last_ns, self._last_pts_us = time.monotonic_ns(), frame.pts_us
        self.captured += 1
        if self._previous.size and frame.image.shape != self._previous.shape:
            self._tidy_soon()
        if source.live and self._is_repeated(frame.image):
            self.repeated += 1
        elif waited:
            self.missed += 1
        elif source.live:
            self.pulse.rest()
            self._outbox.put(frame)
            if time.monotonic_ns() - self._last_ns > _LATE_S * 1e9:
                self._late = _LONGEST_QUEUE
        else:
            while not self._outbox.put_when_free(frame, _TURN_S):
                if self._stopping.is_set():
                    return
        self.fps.tick(frame.capture_ns)
        if self._on_frame is not None:
            self._on_frame(frame, source)

    def _tidy_soon(self) -> None:
        """Not later than asked for before: a camera may be lost, or change, again and again."""
        self._tidy_at_s = min(self._tidy_at_s, time.monotonic() + _TIDY_S)

    def _is_repeated(self, image: Image) -> bool:
        """Whether it is the same picture again, byte for byte: a sensor is never without noise.

        A file may hold a still.
        """
        # The picture before has left the processor's caches by now; a row of it is kept.
        some = image[len(image) // 2].tobytes()
        changed = some != self._some or not np.array_equal(self._previous, image)
        self._previous, self._some = image, some
        if changed or isinstance(self.source, FileSource):
            self._changed_ns = self._last_ns
            if self.state == "frozen":
                self.state = "live"
                self._on_event("the camera's pictures change again")
            return False
        if self.state == "live" and self._last_ns - self._changed_ns > _FROZEN_S * 1e9:
            self.state = "frozen"
            self._on_event("camera frozen: it gives the same picture again and again; left out")
        return True

    def _tell_notes(self, source: Source) -> None:
        for note in source.notes:
            if note not in self._told:
                self._told.add(note)
                self._on_event(f"{source.name}: {note}")
