"""`FileSource`: a video file at its own rate, as a camera would give it, or as fast as it goes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from importlib.resources import files
from itertools import chain
from pathlib import Path

import av

from calibration.clips import playlist_objection
from realtime.errors import SourceError, SourceLost, SourceNotFound
from realtime.frame import Frame, unix_us
from realtime.sources.contract import AS_IT_COMES, CameraRequest, Pace, Setting
from realtime.sources.pace import Pacer
from realtime.sources.video import Picture, Video, explain

_DEFAULT_FPS = 30.0
_WHOLE = 0.95
"""A file that ends before this part of the duration that it tells is cut short."""


def open_file(path: Path, request: CameraRequest, pace: Pace) -> FileSource:
    """The video in a file. Raises `SourceNotFound`."""
    if not path.exists():
        raise SourceNotFound(
            f"{path}: no such file; --camera takes an index, a device path, a video file, an "
            "rtsp:// or http:// address, or demo"
        )
    if path.is_dir():
        raise SourceNotFound(
            f"{path}: is a folder, and no recorded session; give a video file in it"
        )
    if (why := playlist_objection(path)) is not None:
        raise SourceNotFound(why)
    return FileSource(_open_video(path), str(path), request, pace)


def open_demo() -> FileSource:
    """The clip that ships, played for ever as a camera would give it."""
    clip = Path(str(files("realtime"))) / "assets" / "demo.mp4"
    if not clip.exists():
        raise SourceNotFound(f"demo: its clip {clip} is missing; install again, or name a video")
    return FileSource(_open_video(clip), "demo", AS_IT_COMES, "realtime", loop=True)


def _open_video(path: Path) -> Video:
    try:
        # "file:" keeps a colon in the name from being read as the end of a protocol's name.
        return Video(f"file:{path}", str(path))
    except av.FFmpegError as error:
        raise SourceNotFound(f"{path}: {explain(error)}") from error


class FileSource:
    """A video that ends; with `loop` it starts again, for ever, and its time counts on."""

    def __init__(
        self,
        video: Video,
        name: str,
        request: CameraRequest,
        pace: Pace,
        *,
        loop: bool = False,
    ) -> None:
        """Takes over `video`, also when it fails: `SourceNotFound` if it holds no picture."""
        self.name, self.live, self.fps = name, pace == "realtime", video.fps
        self._video, self._pacer, self._loop = video, Pacer(pace), loop
        self._interval_us = round(1_000_000 / (video.fps or _DEFAULT_FPS))
        self._seq = 0
        self._pts_us = -self._interval_us
        self._offset_us: int | None = None
        """What makes our time of the file's: 0 at the first picture, counting on over loops."""
        pictures = video.pictures()
        # "from None" here and below: PyAV's error names the address, with a password in it.
        try:
            first = next(pictures, None)
        except av.FFmpegError as error:
            video.close()
            raise SourceNotFound(f"{name}: {explain(error)}") from None
        if first is None:
            video.close()
            raise SourceNotFound(f"{name}: not one picture in it can be decoded; give another file")
        self._pictures: Iterator[Picture] = chain([first], pictures)
        height, width, _ = video.rgb(first.frame).shape
        self.settings: Mapping[str, Setting] = video.settings
        self.notes = request.differences((width, height), self.fps)

    def read(self) -> Frame | None:
        picture = self._next_picture()
        if picture is None:
            return None
        self._pts_us = self._our_time_us(picture)
        image = self._video.rgb(picture)
        self._pacer.wait_until(self._pts_us)
        frame = Frame(
            image=image,
            seq=self._seq,
            capture_ns=time.monotonic_ns(),
            capture_unix_us=unix_us(),
            pts_us=self._pts_us,
        )
        self._seq += 1
        return frame

    def close(self) -> None:
        self._video.close()

    def _next_picture(self) -> av.VideoFrame | None:
        try:
            picture = next(self._pictures, None)
            if picture is None and self._loop:
                self._video.rewind()
                self._offset_us = None
                self._pictures = self._video.pictures()
                picture = next(self._pictures, None)
        except av.error.InvalidDataError:
            raise SourceError(
                f"{self.name}: nothing after picture {self._seq} can be decoded; repair the file"
            ) from None
        except av.FFmpegError as error:
            raise SourceLost(f"{self.name}: {explain(error)}") from None
        if picture is None:
            self._note_damage()
            return None
        return picture.frame

    def _note_damage(self) -> None:
        if self._video.damaged:
            self.notes += (f"damaged pictures left out: {self._video.damaged}",)
        end_us, duration_us = self._pts_us + self._interval_us, self._video.duration_us
        if duration_us is not None and end_us < _WHOLE * duration_us:
            self.notes += (f"ends after {end_us / 1e6:.1f} s of {duration_us / 1e6:.1f} s",)

    def _our_time_us(self, picture: av.VideoFrame) -> int:
        """Counts up from picture to picture, whatever the file says."""
        next_us = self._pts_us + self._interval_us
        file_us = self._video.time_us(picture)
        if file_us is None:
            return next_us
        if self._offset_us is None:
            self._offset_us = next_us - file_us
        our_us = file_us + self._offset_us
        return our_us if our_us > self._pts_us else next_us
