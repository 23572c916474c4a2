"""`Recorder`: writes what a camera gives into a session, on a thread of its own.

    capture thread --> queue of bounded length --> recorder thread --> disk

The capture thread never waits for it: a picture that finds the queue full is not recorded, which is
counted. A source that waits for the model waits for the recorder too, so a file is recorded whole.
Whatever goes wrong - the disk is full, the pictures change their size - ends the recording with one
line for people; the stream goes on.

The thread has the priority of the others: with a lower one, on a busy machine of few cores, the
stream's ages were higher and most pictures went unrecorded.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from calibration.profile import CameraProfile
from realtime.errors import SessionError
from realtime.frame import Frame
from realtime.recording import Recording, RecordingState
from realtime.sessions.format import Camera
from realtime.sessions.writer import SessionWriter, make_folder
from realtime.sources.contract import CameraRequest, Source

_QUEUED = 30
_QUEUED_BYTES = 256 * 2**20
"""What may wait for the disk, and is lost with a program that is killed: a second, or less."""
_AFTER_S = 0.015
"""A picture is recorded once it is so old: the model has done with it, and no other is there."""
_TURN_S = 0.005
_CLOSE_S = 30.0


class Recorder:
    """`offer` is for the capture thread; `snapshot` and `close` for any."""

    def __init__(
        self,
        folder: Path,
        *,
        request: CameraRequest,
        profile: CameraProfile | None,
        bundle: str | None,
        on_event: Callable[[str], None],
    ) -> None:
        """Makes the folder at once: `SessionError` if it exists, or cannot be made. The rest
        waits for the first picture, whose size it needs."""
        self._folder, self._request = folder, request
        self._profile, self._bundle, self._on_event = profile, bundle, on_event
        self._queue: queue.Queue[tuple[Frame, Source] | None] = queue.Queue(_QUEUED)
        self._writer: SessionWriter | None = None
        self._dropped = {"recorder_busy": 0, "failed": 0}
        self._counting = threading.Lock()
        self._last_seq = -1
        self._failed = self._finished = False
        make_folder(folder)
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def offer(self, frame: Frame, source: Source) -> None:
        """Record a picture of `source`. Waits only for a source that waits itself."""
        while not self._finished:
            if self._failed:
                self._count("failed")
                return
            room = self._queue.qsize() * frame.image.nbytes <= _QUEUED_BYTES
            if room and not self._queue.full():  # only this thread puts
                self._queue.put((frame, source))
                return
            if source.live:
                self._count("recorder_busy")
                return
            time.sleep(_TURN_S)

    def snapshot(self) -> Recording:
        """The figures of now."""
        state: RecordingState = "waiting"
        if self._failed:
            state = "failed"
        elif self._finished:
            state = "finished"
        elif self._writer is not None:
            state = "recording"
        return Recording(
            folder=str(self._folder),
            state=state,
            frames=self._writer.frames if self._writer else 0,
            dropped=dict(self._dropped),
        )

    def close(self, why: str) -> None:
        """Write what is queued and finish, half a minute at most; `why` goes into the session."""
        if self._finished:
            return
        with contextlib.suppress(queue.Full):
            self._queue.put(None, timeout=_CLOSE_S)
        self._thread.join(_CLOSE_S)
        self._finished = True
        if self._thread.is_alive():
            self._fail(f"{self._folder} was not finished in {_CLOSE_S:g} s; is the disk slow?")
        elif self._writer is None:
            with contextlib.suppress(OSError):
                self._folder.rmdir()  # no picture came
        elif not self._failed:
            self._finish(self._writer, why)

    def _run(self) -> None:
        """After an error it goes on to empty the queue, so that nobody waits for a place in it."""
        while (item := self._queue.get()) is not None:
            if self._failed:
                self._count("failed")
                continue
            self._let_the_model_go_first(*item)
            try:
                self._write(*item)
            except Exception as error:  # whatever it was, the stream must go on
                self._count("failed")
                self._fail(str(error))

    def _let_the_model_go_first(self, frame: Frame, source: Source) -> None:
        """On few cores both at once would make the stream's pictures older. Where more pictures
        wait already there is no time to give."""
        if source.live and self._queue.empty():
            time.sleep(max(0.0, _AFTER_S - (time.monotonic_ns() - frame.capture_ns) / 1e9))

    def _count(self, cause: str) -> None:
        """Either thread counts."""
        with self._counting:
            self._dropped[cause] += 1

    def _write(self, frame: Frame, source: Source) -> None:
        height, width, _ = frame.image.shape
        if self._writer is None:
            camera = Camera(
                source=source.name,
                asked={key: value for key, value in asdict(self._request).items() if value},
                settings=dict(source.settings),
                fps=source.fps,
                notes=source.notes,
            )
            self._writer = SessionWriter(
                self._folder, (width, height), camera, self._profile, self._bundle
            )
        elif self._writer.size_px != (width, height):
            was = "{}x{}".format(*self._writer.size_px)
            raise SessionError(
                f"the source changed from {was} to {width}x{height} pixels, and a session is of "
                "one size; record the rest as another one"
            )
        self._writer.write(frame, frame.seq - self._last_seq - 1)
        self._last_seq = frame.seq

    def _fail(self, why: str) -> None:
        self._failed = True
        frames = self._writer.frames if self._writer else 0
        self._on_event(
            f"recording stopped: {why}; {frames} pictures are recorded, the stream goes on"
        )
        if self._writer is not None:
            with contextlib.suppress(SessionError):  # it has been said what is wrong
                self._writer.close(f"failed: {why}", self._dropped)

    def _finish(self, writer: SessionWriter, why: str) -> None:
        try:
            writer.close(why, self._dropped)
        except SessionError as error:
            self._failed = True
            self._on_event(f"recording not finished: {error}; what was written can be read")
