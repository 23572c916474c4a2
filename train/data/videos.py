"""Frames of a video file or of a recorded session, each decoded when it is asked for."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import av
import numpy as np

from calibration.clips import playlist_objection
from calibration.opencv import MOST_PIXELS
from calibration.recorded import (
    CODEC,
    FORMAT,
    INDEX,
    MOST_INDEX_BYTES,
    ONLY,
    SESSION,
    objection,
    video_objection,
)
from train.data.pixels import Image, Undecodable
from train.data.views import View, centred
from train.errors import BadData


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that is decoded when it is asked for, in any thread."""

    name: str
    decode: Callable[[], Image]
    """The whole picture, uint8[H,W,3] RGB. Raises `Undecodable`."""
    view: View = centred
    """What a network is given of it."""


def frame_count(path: Path) -> int:
    """Exact for a session, about right for other videos; 0 if it cannot be known."""
    recorded = _checksums(path.with_name(INDEX))
    if recorded is not None:  # a session's video knows no rate: its pictures come when they come
        return recorded.total()
    try:
        with _open(path) as container:
            stream = container.streams.video[0]
            if stream.frames:
                return int(stream.frames)
            seconds = (container.duration or 0) / av.time_base
            return round(seconds * float(stream.average_rate or 0))
    except (av.FFmpegError, IndexError):
        return 0


def frames(path: Path, name: str, view: View) -> Iterator[Picture]:
    """Frames by number. Damage in the middle costs the frames it hits, or all that come after."""
    number = 0
    recorded = _checksums(path.with_name(INDEX))
    try:
        with _open(path) as container:
            if not container.streams.video:
                yield _broken(name, "holds no video")
                return
            stream = container.streams.video[0]
            if _of_a_session(path) and stream.codec_context.name != CODEC:
                yield _broken(name, f"holds {stream.codec_context.name}, not {CODEC}")
                return
            stream.thread_type = "AUTO"
            stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
            for packet in container.demux(stream):
                try:
                    decoded = packet.decode()
                except av.FFmpegError as error:
                    yield _broken(f"{name}#{number}", error.strerror)
                    continue
                for frame in decoded:
                    yield Picture(f"{name}#{number}", partial(_frame_rgb, frame, recorded), view)
                    number += 1
    except av.FFmpegError as error:
        yield _broken(f"{name}#{number}", error.strerror)


def _open(path: Path) -> av.container.InputContainer:
    """Raises FFmpeg's error. A session's video must be of the one format that it is recorded in:
    FFmpeg would follow a playlist of that name to other files."""
    if not _of_a_session(path):
        if (why := playlist_objection(path)) is not None:
            raise BadData(why)
        return av.open(f"file:{path}")
    if (why := video_objection(path)) is not None:
        raise BadData(why)
    return av.open(f"file:{path}", format=FORMAT, options=ONLY)


def _of_a_session(video: Path) -> bool:
    return video.with_name(SESSION).exists()


def _frame_rgb(frame: av.VideoFrame, recorded: Counter[int] | None) -> Image:
    if frame.is_corrupt:
        raise Undecodable("damaged frame")
    image = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
    # The codec of sessions decodes half a picture, the last of a recording that was killed, too.
    if recorded is not None and zlib.crc32(image.tobytes()) not in recorded:
        raise Undecodable("not the picture that was recorded: damaged, or cut off")
    return image


def _checksums(index: Path) -> Counter[int] | None:
    """Those of all pictures of a session, from its index; None for a video without one."""
    if (why := objection(index, MOST_INDEX_BYTES)) is not None:
        raise BadData(why)
    try:
        lines = index.read_text().splitlines()
    except OSError:
        return None
    try:
        return Counter(int(json.loads(line)["crc32"]) for line in lines if line.endswith("}"))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise BadData(
            f"{index} is damaged ({error}): python -m realtime.sessions verify"
        ) from error


def _broken(name: str, reason: str | None) -> Picture:
    def decode() -> Image:
        raise Undecodable(reason or "damaged")

    return Picture(name, decode)
