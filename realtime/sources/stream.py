"""`StreamSource`: a network camera that speaks RTSP (over TCP) or HTTP (MJPEG), without lag.

What costs time in FFmpeg's defaults, seen with a server that draws the clock into its pictures:

- looking at the stream before the first picture, for a second or more: cut to 0.1 s. (The usual
  advice, `fflags nobuffer`, throws away the key frame that was looked at, so that the first picture
  comes a whole key frame interval later.)
- decoding several pictures at once, which holds each back by two or more: one at a time.

- decoding slower than the camera sends, which makes the delay grow without end: JPEGs are received
  in a thread of their own, and only the newest is decoded.

What is left: H.264 and H.265 over RTSP, and MJPEG without Content-Length, do not mark the end of a
picture where FFmpeg looks, so it hands one out when the next begins. Such a picture is older than
its `capture_ns` says, by one frame interval. And H.264 must be decoded to the last picture, so a
machine too slow for that falls behind.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import chain

import av

from realtime.errors import SourceLost, SourceNotFound
from realtime.frame import Frame, unix_us
from realtime.sources.contract import (
    LOST_AFTER_S,
    OPEN_LIMIT_S,
    CameraRequest,
    Pace,
    Setting,
    Source,
)
from realtime.sources.file import FileSource
from realtime.sources.url import redacted
from realtime.sources.video import Video, explain

_HTTP_OPTIONS = {"analyzeduration": "100000", "fpsprobesize": "0"}
_RTSP_OPTIONS = {**_HTTP_OPTIONS, "rtsp_transport": "tcp", "allowed_media_types": "video"}
_ANSWER_LIMIT_S = 4.0
"""For the connection, and again for the look at the stream: together less than OPEN_LIMIT_S."""

_MANY_SKIPPED = 100
_SKIPPED = (
    "pictures come faster than they can be decoded here, and are skipped; have the camera send "
    "fewer or smaller ones"
)

_DAMAGED = "damaged pictures come from it, and are left out; check the cable or the network"


def open_url(url: str, request: CameraRequest, pace: Pace) -> Source:
    """A stream; or, from a web server that has one, a file. Raises `SourceNotFound`."""
    name = redacted(url)
    # PyAV's errors name the address with the password in it: "from None" here and below.
    try:
        try:
            return _open_as(None, url, request, pace)
        except av.error.InvalidDataError:
            if not url.startswith("http"):
                raise
            # Some cameras (ESP32 firmware among them) leave out the first boundary, or the type of
            # each part, which FFmpeg refuses. It still finds the pictures, as a bare row of JPEGs.
            return _open_as("mjpeg", url, request, pace)
    except (av.FFmpegError, TimeoutError) as error:
        raise SourceNotFound(f"{name}: {explain(error)}") from None


def _open_as(container_format: str | None, url: str, request: CameraRequest, pace: Pace) -> Source:
    name, http = redacted(url), url.startswith("http")
    video = Video(
        url,
        name,
        options=_HTTP_OPTIONS if http else _RTSP_OPTIONS,
        container_format=container_format,
        timeouts_s=(_ANSWER_LIMIT_S, LOST_AFTER_S),
        threads="SLICE",
    )
    if video.format.endswith("_pipe"):
        video.close()
        raise SourceNotFound(f"{name}: a single picture; give the address of the camera's stream")
    if video.finite and http:
        return FileSource(video, name, request, pace)
    return StreamSource(video, name, request)


class StreamSource:
    """An endless stream; the newest frame wins."""

    live = True

    def __init__(self, video: Video, name: str, request: CameraRequest) -> None:
        """Takes over `video`, also when it fails: with PyAV's error, TimeoutError (no picture) or
        `SourceNotFound` (the end)."""
        self.name = name
        # Of raw JPEGs FFmpeg makes a rate up.
        self.fps = None if video.format == "mjpeg" else video.fps
        self._video = video
        self._seq = 0
        try:
            # A key frame, without which nothing can be decoded, may be some seconds away.
            first = next(video.pictures(quiet_limit_s=OPEN_LIMIT_S), None)
            if first is None:
                raise SourceNotFound(f"{name}: ended without a picture; is that a video's address?")
        except BaseException:
            video.close()
            raise
        self._start_ns = first.arrival_ns
        following = video.newest_pictures if video.intra_only else video.pictures
        self._pictures = chain([first], following(LOST_AFTER_S))
        self.settings: Mapping[str, Setting] = video.settings
        self.notes = request.differences((first.frame.width, first.frame.height), self.fps)

    def read(self) -> Frame:
        try:
            picture = next(self._pictures, None)
        except (av.FFmpegError, TimeoutError) as error:
            raise SourceLost(f"{self.name}: {explain(error)}") from None
        if picture is None:
            raise SourceLost(f"{self.name}: the server ended the stream")
        image = self._video.rgb(picture.frame)
        frame = Frame(
            image=image,
            seq=self._seq,
            capture_ns=picture.arrival_ns,
            capture_unix_us=unix_us() - (time.monotonic_ns() - picture.arrival_ns) // 1000,
            pts_us=(picture.arrival_ns - self._start_ns) // 1000,
        )
        self._seq += 1
        if self._video.damaged and _DAMAGED not in self.notes:
            self.notes += (_DAMAGED,)
        if self._video.skipped > _MANY_SKIPPED and _SKIPPED not in self.notes:
            self.notes += (_SKIPPED,)
        return frame

    def close(self) -> None:
        self._video.close()
