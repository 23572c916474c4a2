"""`H264File`: pictures with their own times into one H.264 file that any player opens."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.codec.codec import UnknownCodecError
from av.error import FFmpegError
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from realtime.errors import UsageError
from realtime.frame import Image

TICK = Fraction(1, 90_000)
_KEY_EVERY = 60
"""Pictures. A player can go to each key picture; a file that was cut off holds all up to one."""
_OPTIONS = {
    # Fragments, which play as they are; a regular MP4 is made of them when it is closed.
    ".mp4": {"movflags": "+frag_keyframe+hybrid_fragmented", "flush_packets": "1"},
    ".mkv": {"cluster_time_limit": "1000", "flush_packets": "1"},
}
_BT601 = 6  # AVCOL_SPC_SMPTE170M: what players take small pictures to be, whether or not it is said
_X264 = {"crf": "18", "preset": "veryfast", "bf": "0"}  # without bf the first would come late


class H264File:
    """An open file. All errors are `UsageError`: the disk is full, there is no encoder, ..."""

    def __init__(self, path: Path, size_px: tuple[int, int], start_us: int, fps: float) -> None:
        """Pictures of `size_px` (width, height) that begin at `start_us`.

        `fps` is only what the file says of itself: each picture lasts until the next one's time.
        """
        self._path, self._start_us, self._last = path, start_us, -1
        self._odd_px = (size_px[0] % 2, size_px[1] % 2)
        self._yuv = VideoReformatter()
        try:
            options = _OPTIONS[path.suffix.lower()]
            self._container = av.open(f"file:{path}", "w", container_options=options)
            self._stream = self._container.add_stream(
                "libx264", rate=Fraction(fps).limit_denominator(100), options=_X264
            )
        except UnknownCodecError as error:
            raise UsageError(
                "this build of PyAV has no H.264 encoder (libx264); PyPI's has: pip install av"
            ) from error
        except (FFmpegError, OSError) as error:
            raise self._cannot_write(error) from error
        # Two pixels share a colour in either direction, so the encoder takes even sizes only.
        self._stream.width, self._stream.height = (
            length + odd for length, odd in zip(size_px, self._odd_px, strict=True)
        )
        self._stream.pix_fmt = "yuv420p"
        codec = self._stream.codec_context
        codec.time_base = self._stream.time_base = TICK
        codec.gop_size = _KEY_EVERY
        codec.colorspace, codec.color_range = _BT601, ColorRange.MPEG

    def write(self, image: Image, time_us: int) -> None:
        """`image`: uint8[h, w, 3] RGB; `time_us` is never before that of the picture before."""
        if any(self._odd_px):
            right, below = self._odd_px
            image = np.pad(image, ((0, below), (0, right), (0, 0)), "edge")
        frame = self._yuv.reformat(
            av.VideoFrame.from_ndarray(image, format="rgb24"),
            format="yuv420p",
            dst_colorspace=Colorspace.ITU601,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )
        self._last = max(self._last + 1, round((time_us - self._start_us) / 1_000_000 / TICK))
        frame.pts, frame.time_base = self._last, TICK
        self._encode(frame)

    def close(self) -> None:
        """Write what is still on its way, and the end of the file."""
        try:
            self._encode(None)
        finally:
            try:
                self._container.close()
            except (FFmpegError, OSError) as error:
                raise self._cannot_write(error) from error

    def _encode(self, frame: av.VideoFrame | None) -> None:
        try:
            self._container.mux(self._stream.encode(frame))
        except (FFmpegError, OSError) as error:
            raise self._cannot_write(error) from error

    def _cannot_write(self, error: FFmpegError | OSError) -> UsageError:
        return UsageError(f"cannot write {self._path}: {error.strerror or error}")
