"""`VideoFile`: an output that writes received pictures to H.264 files, on a thread of its own.

Each picture is shown from its capture time on, so a pause of the camera is one of the video. A file
holds one run of pictures: when their size changes, the publisher starts anew, or time makes a leap,
they go on in another one, NAME_2.mp4, and so on. Repeats of a lost camera's picture are left out.
"""

from __future__ import annotations

import contextlib
import queue
import tempfile
import threading
from pathlib import Path

from realtime.client.h264_file import H264File
from realtime.errors import UsageError
from realtime.frame import Image
from realtime.wire import Header, Packet

VIDEO_SUFFIXES = (".mp4", ".mkv")
MOST_GAP_US = 60_000_000
"""A video does not stand still for longer than a minute."""
MOST_FILES = 1000
"""A broken publisher can change its size with every picture; it does not get the whole disk."""
_QUEUED = 64
_QUEUED_BYTES = 256 * 2**20
"""What may wait for the encoder: two seconds of small pictures, a few of the largest."""
_CLOSE_S = 30.0
_USUAL_FPS = 30.0


class VideoFile:
    """An `Output`. `put` never waits: what the encoder is too slow for is dropped and counted."""

    def __init__(self, path: Path) -> None:
        """Raises `UsageError` if the file exists - a recording is not written over - or where no
        file can be."""
        _check(path)
        self.name = path.name
        self.taken = self.dropped = 0
        self._path = path
        self._parts: list[Path] = []
        self._file: H264File | None = None
        self._last: Header | None = None
        self._queue: queue.Queue[tuple[Header, Image] | None] = queue.Queue(_QUEUED)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="video file", daemon=True)
        self._thread.start()

    def put(self, packet: Packet, image: Image) -> bool:
        if self._error is not None:
            raise self._error
        if packet.header.is_repeat:
            return True  # the picture before lasts longer, which is the same
        try:
            if self._queue.qsize() * image.nbytes > _QUEUED_BYTES:
                raise queue.Full
            self._queue.put_nowait((packet.header, image))
        except queue.Full:
            self.dropped += 1
            return False
        self.taken += 1
        return True

    def close(self) -> str | None:
        """As every output's; waits for the encoder, half a minute at most."""
        with contextlib.suppress(queue.Full):
            self._queue.put(None, timeout=_CLOSE_S)
        self._thread.join(_CLOSE_S)
        if self._error is not None:
            raise self._error
        if self._thread.is_alive():
            raise UsageError(f"{self._path} was not finished in {_CLOSE_S:g} s; is the disk slow?")
        if not self._parts:
            return None
        first, *others = self._parts
        more = f" and {len(others)} more, up to {others[-1].name}" if others else ""
        return f"saved {self.taken} pictures, {self.dropped} dropped, in {first}{more}"

    def _run(self) -> None:
        """After an error it goes on to empty the queue, so that nobody waits for a place in it."""
        while (item := self._queue.get()) is not None:
            if self._error is None:
                self._attempt(item)
        self._attempt(None)

    def _attempt(self, item: tuple[Header, Image] | None) -> None:
        """Write it, or with None what is left; an error is kept for the next `put` or `close`."""
        try:
            if item is not None:
                self._write(*item)
            elif self._file is not None:
                self._file.close()
        except Exception as error:
            self._error = self._error or error

    def _write(self, header: Header, image: Image) -> None:
        if self._file is None or self._last is None or not _goes_on(self._last, header):
            if self._file is not None:
                self._file.close()
                self._file = None
            self._file = self._open_part(header)
        self._file.write(image, header.capture_us)
        self._last = header

    def _open_part(self, header: Header) -> H264File:
        path = self._path
        for number in range(2, MOST_FILES + 2):
            if not path.exists():
                break
            path = self._path.with_stem(f"{self._path.stem}_{number}")
        else:
            raise UsageError(f"{self._path}: the stream broke off {MOST_FILES} times; saving ends")
        size_px, fps = (header.width, header.height), header.fps_x100 / 100 or _USUAL_FPS
        file = H264File(path, size_px, header.capture_us, fps)
        self._parts.append(path)
        self.name = path.name
        return file


def _goes_on(before: Header, now: Header) -> bool:
    """They can be in the same file."""
    same = (before.stream_id, before.width, before.height) == (
        now.stream_id,
        now.width,
        now.height,
    )
    return same and 0 <= now.capture_us - before.capture_us <= MOST_GAP_US


def _check(path: Path) -> None:
    if path.exists():
        raise UsageError(f"--save {path}: it exists; give another name, or delete it first")
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise UsageError(
            f"cannot write {path}: {error.strerror}: give a file in a folder that exists"
        ) from error
