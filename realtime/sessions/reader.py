"""`Session`: a recorded folder, opened; also one whose recording was cut off.

The video and the index are written side by side, so where a recording was killed one of them may be
a little longer. What both have is the session; `notes` and `Pictures` say what is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av
from pydantic import ValidationError
from zlib_ng import zlib_ng

from calibration.printable import printable
from calibration.recorded import CODEC, FORMAT, MOST_ABOUT_BYTES, ONLY, objection, video_objection
from realtime.errors import SessionError
from realtime.frame import Image
from realtime.sessions.format import INDEX, SESSION, VIDEO, IndexRow, SessionFile, VideoClock
from realtime.sessions.lines import read_lines
from realtime.sources.video import Video, explain

CLOCK_JUMP_S = 0.5
"""More than this between the two clocks, from one picture to the next, is no drift."""


def read_about(folder: Path) -> SessionFile:
    """A session's session.json. Raises `SessionError`."""
    path = folder / SESSION
    if (why := objection(path, MOST_ABOUT_BYTES)) is not None:
        raise SessionError(why)
    try:
        return SessionFile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise SessionError(
            f"{folder}: cannot read {SESSION} ({error.strerror}); give a folder that "
            "launch.py --record wrote"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise SessionError(
            f"{path}: {where}: {first['msg']} (got {first['input']!r:.80}): it is damaged, or of "
            "another version of this program"
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What is known of a session without a look at its video."""

    folder: Path
    about: SessionFile
    rows: tuple[IndexRow, ...]
    """One or more."""
    torn: bool
    """The index ends with half a line."""

    @classmethod
    def open(cls, folder: Path) -> Session:
        """Raises `SessionError` for a folder that is no session, is damaged, or empty."""
        about = read_about(folder)
        rows, torn = read_lines(folder / INDEX, IndexRow)
        if not rows:
            raise SessionError(f"{folder}: it was cut off before its first picture")
        for before, row in pairwise(rows):
            if row.seq <= before.seq:
                raise SessionError(
                    f"{folder / INDEX}: picture {row.seq} comes after {before.seq}: the file is "
                    "damaged; restore it"
                )
        return cls(folder=folder, about=about, rows=tuple(rows), torn=torn)

    @property
    def times_us(self) -> tuple[int, ...]:
        """Of each row, since the first one; they only count up."""
        clock = VideoClock()
        return tuple(clock.time_us(row.capture_ns) for row in self.rows)

    @property
    def notes(self) -> tuple[str, ...]:
        """What people should know, a line each: cut off, drops, clocks that were set."""
        lines = []
        if self.about.ended is None:
            lines.append("the recording was cut off; all up to there is used")
        elif self.about.ended.why.startswith("failed"):
            lines.append(f"the recording {printable(self.about.ended.why)}")
        dropped = sum(row.dropped_before for row in self.rows)
        if dropped:
            lines.append(f"{dropped} pictures between the {len(self.rows)} were not recorded")
        return (*lines, *clock_jumps(self.rows))

    def pictures(self) -> Pictures:
        """The pictures with their rows, from the first one on. Raises `SessionError`."""
        return Pictures(self)


class Pictures:
    """Decodes a session's video. Only pictures that are what was recorded, bit for bit, come out;
    once all have, `missing` says what did not."""

    def __init__(self, session: Session) -> None:
        self._path, self._size_px = session.folder / VIDEO, session.about.size_px
        self._rows = dict(zip(session.times_us, session.rows, strict=True))
        self._came = self._last = 0
        self.damaged = 0
        """Pictures that are there and are not what was recorded."""
        if (why := video_objection(self._path)) is not None:
            raise SessionError(why)
        try:
            self._video = Video(
                f"file:{self._path}",
                str(self._path),
                options=ONLY,
                container_format=FORMAT,
                threads="SLICE",
            )
        except av.FFmpegError as error:
            raise SessionError(f"{self._path}: {explain(error)}") from None
        codec, size_px = self._video.settings["codec"], self._video.size_px
        if codec != CODEC or size_px != self._size_px:
            self._video.close()
            raise SessionError(
                f"{self._path} holds {codec} of {_x(size_px)} pixels, not {CODEC} of "
                f"{_x(self._size_px)}: it is damaged, or of another session"
            )

    def __iter__(self) -> Iterator[tuple[IndexRow, Image]]:
        """uint8[H, W, 3] RGB each. Raises `SessionError` where the video cannot be read."""
        order = {time_us: number for number, time_us in enumerate(self._rows, 1)}
        try:
            for picture in self._video.pictures():
                time_us = self._video.time_us(picture.frame)
                if time_us not in self._rows:
                    continue
                row, image = self._rows[time_us], self._video.rgb(picture.frame)
                # Its size: a file may ask for its pictures to be turned.
                if image.shape[1::-1] != self._size_px or zlib_ng.crc32(image.data) != row.crc32:
                    self.damaged += 1
                    continue
                self._came, self._last = self._came + 1, order[time_us]
                yield row, image
        except av.FFmpegError as error:
            raise SessionError(f"{self._path}: {explain(error)}") from None

    @property
    def came(self) -> int:
        """Pictures that came out."""
        return self._came

    @property
    def cut_off(self) -> int:
        """Rows at the end of the index without a picture, once all pictures have come."""
        return len(self._rows) - self._last

    @property
    def missing(self) -> tuple[str, ...]:
        """What did not come, a line each."""
        lines = []
        within = self._last - self._came
        if within:
            lines.append(f"{within} pictures within the video are damaged and left out")
        if self.cut_off:
            times_us = [*self._rows]
            lost_s = (times_us[-1] - times_us[self._last - 1 if self._last else 0]) / 1e6
            lines.append(
                f"the index has {len(self._rows)} pictures, the video {self._came}: the last "
                f"{self.cut_off} ({lost_s:.2f} s) are left out"
            )
        return tuple(lines)

    def close(self) -> None:
        self._video.close()


def clock_jumps(rows: tuple[IndexRow, ...]) -> tuple[str, ...]:
    """A line for each time that the machine's clock was set, or the machine slept."""
    lines = []
    for before, row in pairwise(rows):
        steady_s = (row.capture_ns - before.capture_ns) / 1e9
        clock_s = (row.capture_unix_us - before.capture_unix_us) / 1e6
        if steady_s < 0:
            lines.append(f"the steady clock went back by {-steady_s:.1f} s at picture {row.seq}")
        elif abs(clock_s - steady_s) > CLOCK_JUMP_S:
            lines.append(
                f"the machine's clock jumped by {clock_s - steady_s:+.1f} s before picture "
                f"{row.seq}; replays follow the steady clock"
            )
    return tuple(lines)


def _x(size_px: tuple[int, int]) -> str:
    return f"{size_px[0]}x{size_px[1]}"
