"""`Video`: the pictures of a file or stream, decoded by FFmpeg (PyAV); errors in plain words."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Literal, NamedTuple

import av
import numpy as np
from av.stream import Disposition
from av.video.reformatter import VideoReformatter

from calibration.opencv import MOST_PIXELS, cv2
from realtime.errors import SourceNotFound
from realtime.frame import Image
from realtime.health import start_thread
from realtime.mailbox import Closed, Mailbox

_DAMAGED_IN_A_ROW = 100
"""So many undecodable packets without a picture between them are the end of it."""

_TURNS = {
    90: cv2.ROTATE_90_COUNTERCLOCKWISE,
    -90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    -180: cv2.ROTATE_180,
}


class Picture(NamedTuple):
    """A decoded picture, not yet RGB, and when the packet that completed it arrived."""

    arrival_ns: int
    frame: av.VideoFrame


class Video:
    """An open container and the decoder of its video. Errors are PyAV's; see `explain`."""

    def __init__(
        self,
        address: str,
        name: str,
        *,
        options: Mapping[str, str] | None = None,
        container_format: str | None = None,
        timeouts_s: tuple[float, float] | None = None,
        threads: Literal["AUTO", "SLICE"] = "AUTO",
    ) -> None:
        """Open; `timeouts_s` are for opening and for each read.

        threads: AUTO decodes several pictures at once, each of which comes out later for it;
        SLICE gives every picture out at once. Raises `SourceNotFound` for want of video.
        """
        self.damaged = 0
        """Packets that could not be decoded."""
        self.skipped = 0
        """Packets that `newest_pictures` passed over."""
        self._damaged_in_a_row = 0
        self._rgb = VideoReformatter()
        self._receiver: threading.Thread | None = None
        self._closing = threading.Event()
        self._container = av.open(
            address,
            format=container_format,
            options=dict(options or {}),
            timeout=timeouts_s,
        )
        self.format = self._container.format.name
        self.finite = self._container.duration is not None
        """It has an end, and says when."""
        stream = self._first_video()
        if stream is None:
            kinds = sorted({stream.type for stream in self._container.streams})
            self.close()
            raise SourceNotFound(
                f"{name}: holds no video that can be decoded (but: {', '.join(kinds) or 'nothing'})"
            )
        width, height = stream.codec_context.width, stream.codec_context.height
        if width * height > MOST_PIXELS:  # a file of a few bytes can say so
            self.close()
            raise SourceNotFound(f"{name}: pictures of {width}x{height} pixels; send smaller ones")
        stream.thread_type = threads
        self._stream, self._codec = stream, stream.codec_context
        self.intra_only = stream.codec.intra_only
        """No picture needs another to be decoded."""
        self._codec.options = {"max_pixels": str(MOST_PIXELS)}
        if self.intra_only:
            # Half a JPEG is no picture; without this the rest of it is made up.
            self._codec.options |= {"err_detect": "explode"}
        self.fps = float(stream.average_rate) if stream.average_rate else None
        self.size_px = (self._codec.width, self._codec.height)
        """Width and height as the container says, before any turn."""
        self.settings: dict[str, str | float] = {
            "container": self.format,
            "codec": self._codec.name,
            "pixels": str(self._codec.pix_fmt),
        }
        """For people: how the pictures are stored."""
        self.duration_us = (
            _microseconds(stream.duration, stream.time_base) or self._container.duration
        )

    def pictures(self, quiet_limit_s: float = float("inf")) -> Iterator[Picture]:
        """Picture after picture to the end; what cannot be decoded is counted and left out.

        Raises PyAV's error where the container or connection breaks, `TimeoutError` once no picture
        has come for `quiet_limit_s`.
        """
        last_s = time.monotonic()
        for arrival_ns, packet in self._packets():
            for frame in self._decode(packet):
                yield Picture(arrival_ns, frame)
                last_s = time.monotonic()
            if time.monotonic() - last_s > quiet_limit_s:
                raise TimeoutError

    def newest_pictures(self, quiet_limit_s: float) -> Iterator[Picture]:
        """As `pictures`, but where more has arrived than can be decoded, only the newest is.

        Only for pictures that do not build upon each other (`intra_only`). A thread receives, and
        closes the container when it ends. To be called once.
        """
        inbox: Mailbox[tuple[int, av.Packet]] = Mailbox()

        def receive() -> None:
            try:
                for arrival_ns, packet in self._packets():
                    if packet.stream.index == self._stream.index:
                        inbox.put((arrival_ns, packet))
                        self.skipped = inbox.dropped
                    if self._closing.is_set():
                        break
                inbox.close()
            except BaseException as error:
                inbox.close(error)
            finally:
                self._container.close()

        receiver = threading.Thread(target=receive, name="receive", daemon=True)
        start_thread(receiver)
        self._receiver = receiver
        while True:
            try:
                item = inbox.get(quiet_limit_s)
            except Closed:
                return
            if item is None:
                raise TimeoutError
            arrival_ns, packet = item
            for frame in self._decode(packet):
                yield Picture(arrival_ns, frame)

    def _packets(self) -> Iterator[tuple[int, av.Packet]]:
        """What arrives, and when; packets of other streams too.

        All streams: a lasting sound must not hide that the picture stands still.
        """
        while True:
            try:
                for packet in self._container.demux():
                    yield time.monotonic_ns(), packet
                return
            except av.error.EOFError:
                return
            except av.error.InvalidDataError as error:
                self._count_damage(error)

    def _decode(self, packet: av.Packet) -> list[av.VideoFrame]:
        if packet.stream.index != self._stream.index:
            return []
        try:
            frames = self._codec.decode(packet)
        except av.error.EOFError:
            return []
        except av.error.InvalidDataError as error:
            self._count_damage(error)
            return []
        if frames:
            self._damaged_in_a_row = 0
        return frames

    def _count_damage(self, error: av.error.InvalidDataError) -> None:
        self.damaged += 1
        self._damaged_in_a_row += 1
        if self._damaged_in_a_row > _DAMAGED_IN_A_ROW:
            raise error

    def _first_video(self) -> av.VideoStream | None:
        for stream in self._container.streams.video:
            # The cover of a music file is a video stream by its type.
            cover = stream.disposition & Disposition.attached_pic
            if stream.codec_context is not None and not cover:
                return stream
        return None

    def rewind(self) -> None:
        """Back to the beginning; `pictures` must be called anew."""
        self._container.seek(0)

    def time_us(self, frame: av.VideoFrame) -> int | None:
        """The picture's own time; None if it has none."""
        return _microseconds(frame.pts, frame.time_base)

    def rgb(self, frame: av.VideoFrame) -> Image:
        """The picture as uint8[H, W, 3] RGB, contiguous, turned as the file says."""
        # One thread: starting more for each picture takes four times as long (1080p).
        image = self._rgb.reformat(frame, format="rgb24", threads=1).to_ndarray()
        turn = _TURNS.get(frame.rotation)
        return np.ascontiguousarray(image if turn is None else cv2.rotate(image, turn))

    def close(self) -> None:
        """Returns at once; a thread that still receives ends with its read."""
        self._closing.set()
        if self._receiver is None:
            self._container.close()


def explain(error: Exception) -> str:
    """What went wrong, in words that name neither the address nor the password in it."""
    match error:
        case av.error.HTTPUnauthorizedError() | av.error.HTTPForbiddenError():
            return (
                "the user name or password is missing or wrong; give SCHEME://USER:PASSWORD@HOST/..."
                " with special characters as %40 (@), %3A (:), %2F (/)"
            )
        case av.error.HTTPNotFoundError():
            return "the server has no such path; check what comes after the host"
        case av.error.ConnectionRefusedError():
            return "nothing listens there; check the host and port, and that the camera is on"
        case av.error.ExitError() | TimeoutError():
            return "no picture came in time; check the address, and that the camera is on"
        case av.error.InvalidDataError():
            return "damaged, unfinished, or not a video at all; give another"
        case MemoryError() | BlockingIOError():
            return "out of memory or threads; stop other programs, or raise the limits"
        case PermissionError():
            return "this user may not read it; check its permissions"
    reason = getattr(error, "strerror", None) or type(error).__name__
    return f"cannot be reached or is no video ({reason}); check the name and the path"


def _microseconds(count: int | None, time_base: Fraction | None) -> int | None:
    if count is None or time_base is None:
        return None
    return round(count * time_base * 1_000_000)
