"""`SessionWriter`: pictures into a session's folder, in a way that survives `kill -9`.

The video is FFV Huffman in NUT. The codec keeps R, G and B as they are, without loss, and each
picture stands alone; docs/sessions.md has what else was measured. The container is a row of packets
that need no end of the file to be read. Each picture, and its line of the index, goes to the system
at once.
"""

from __future__ import annotations

import platform
from contextlib import ExitStack
from datetime import UTC, datetime
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import cast

import av
from av.error import FFmpegError
from av.video.reformatter import VideoReformatter
from zlib_ng import zlib_ng

from calibration.profile import CameraProfile
from realtime.errors import SessionError
from realtime.frame import Frame
from realtime.report import program_version
from realtime.sessions.format import (
    INDEX,
    SESSION,
    VIDEO,
    Camera,
    Ending,
    IndexRow,
    SessionFile,
    VideoClock,
)

CODEC, PIXELS = "ffvhuff", "gbrp"
ENCODER = {"pred": "median"}
CONTAINER = {"flush_packets": "1"}
TICK = Fraction(1, 1_000_000)
_NOMINAL_FPS = 30


class SessionWriter:
    """An open session, of pictures of one size. Used by one thread.

    Every error is `SessionError`; what was written until then stays, and can be read.
    """

    def __init__(
        self,
        folder: Path,
        size_px: tuple[int, int],
        camera: Camera,
        profile: CameraProfile | None,
        bundle: str | None,
    ) -> None:
        """Into `folder`, which exists and is empty; see `make_folder`."""
        self._folder, self.size_px = folder, size_px
        self._about = SessionFile(
            created=datetime.now(UTC),
            size_px=size_px,
            codec=f"{CODEC} {PIXELS}",
            camera=camera,
            profile=profile,
            bundle=bundle,
            software=software(),
        )
        self.frames = 0
        """Pictures written."""
        self._clock = VideoClock()
        self._planes = VideoReformatter()
        try:
            save(folder, self._about)
            self._index = (folder / INDEX).open("ab", buffering=0)
            self._container = av.open(f"file:{folder / VIDEO}", "w", container_options=CONTAINER)
            stream = self._container.add_stream(CODEC, rate=_NOMINAL_FPS, options=ENCODER)
            self._stream = cast(av.VideoStream, stream)
        except (FFmpegError, OSError) as error:
            raise cannot_write(folder, error) from error
        self._stream.width, self._stream.height = size_px
        self._stream.pix_fmt = PIXELS
        codec = self._stream.codec_context
        codec.time_base = self._stream.time_base = TICK
        codec.thread_count = 1  # more would take them from the model

    def write(self, frame: Frame, dropped_before: int) -> None:
        """`frame.image` is of this session's size."""
        row = IndexRow(
            seq=frame.seq,
            capture_ns=frame.capture_ns,
            capture_unix_us=frame.capture_unix_us,
            dropped_before=dropped_before,
            crc32=zlib_ng.crc32(frame.image.data),
        )
        rgb = av.VideoFrame.from_ndarray(frame.image, format="rgb24")
        picture = self._planes.reformat(rgb, format=PIXELS, threads=1)
        picture.pts, picture.time_base = self._clock.time_us(frame.capture_ns), TICK
        try:
            self._index.write(row.model_dump_json().encode() + b"\n")
            self._container.mux(self._stream.encode(picture))
        except (FFmpegError, OSError) as error:
            raise cannot_write(self._folder, error) from error
        self.frames += 1

    def close(self, why: str, dropped: dict[str, int]) -> None:
        """Finish the video, and say in session.json how it ended; also after an error, as far as
        that can be done."""
        ending = Ending(why=why, frames=self.frames, dropped=dropped)
        try:
            with ExitStack() as closing:
                closing.callback(
                    save, self._folder, self._about.model_copy(update={"ended": ending})
                )
                closing.callback(self._index.close)
                closing.callback(self._container.close)
                self._container.mux(self._stream.encode(None))
        except (FFmpegError, OSError) as error:
            raise cannot_write(self._folder, error) from error


def make_folder(folder: Path) -> None:
    """A new folder for a session, and those above it. Raises `SessionError`; one that exists is
    refused, because a recording is not written over."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise SessionError(
            f"{folder} exists: give the session another name, or delete it first"
        ) from error
    except OSError as error:
        raise cannot_write(folder, error) from error


def save(folder: Path, about: SessionFile) -> None:
    """Write session.json whole or not at all. Raises OSError."""
    partial = folder / f".{SESSION}.partial"
    partial.write_text(about.model_dump_json(indent=2) + "\n", encoding="utf-8")
    partial.replace(folder / SESSION)


def software() -> dict[str, str]:
    """The programs that a recording depends on, and their versions."""
    packages = {name: version(name) for name in ("av", "numpy", "opencv-python")}
    return {
        "headset-avatar": program_version(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        **packages,
    }


def cannot_write(folder: Path, error: Exception) -> SessionError:
    """What to raise when a session cannot be written."""
    reason = getattr(error, "strerror", None) or error
    return SessionError(f"cannot write the session {folder}: {reason}")
