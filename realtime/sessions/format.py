"""What the files of a session hold, as pydantic models: they are copied between machines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, JsonValue

from calibration import recorded
from calibration.part import Part
from calibration.profile import CameraProfile

SESSION, VIDEO = recorded.SESSION, recorded.VIDEO
INDEX, MARKS = recorded.INDEX, recorded.MARKS

# Numbers of 64 bits: a JSON file may hold one that no float can.
_Count = Annotated[int, Field(ge=0, lt=2**63)]
_Time = Annotated[int, Field(ge=-(2**63), lt=2**63)]
_Pixels = Annotated[int, Field(ge=1, le=8192)]


def is_session(path: Path) -> bool:
    """Whether this is a session's folder."""
    return (path / SESSION).is_file()


class IndexRow(Part):
    """A line of index.jsonl: the picture of the same number in the video, counted from 0."""

    seq: _Count
    """The picture's number since the source was opened; what is missing was not recorded."""
    capture_ns: _Time
    """When it was taken, on the machine's steady clock; what replays are timed by."""
    capture_unix_us: _Time
    """The same on the machine's clock, microseconds since 1970; that clock may be set."""
    dropped_before: _Count
    """Pictures since the line before that the recorder had no time for."""
    crc32: int = Field(ge=0, lt=2**32)
    """zlib's, of the picture's uint8[H, W, 3] RGB bytes."""


class Mark(Part):
    """A line of marks.jsonl: something that happened while a session was recorded."""

    time_ns: _Time
    """On the clock of `IndexRow.capture_ns`."""
    unix_us: _Time
    kind: str = Field(min_length=1, max_length=64)
    """What sort of thing: "expression", "light", "note"."""
    text: str = Field(max_length=1000)


class Camera(Part):
    """Where the pictures come from, what was asked of it and what it said."""

    source: str
    """Its name; what is secret in an address is blanked out."""
    asked: dict[str, JsonValue]
    """Size and rate, as far as they were asked for."""
    settings: dict[str, JsonValue]
    """As they were read back: exposure, gain, white balance, ... under the source's own names."""
    fps: float | None
    """The source's nominal rate; None if it does not tell."""
    notes: tuple[str, ...]
    """What the source said when it was opened: asked and got."""


class Ending(Part):
    """How the recording ended. A session without it was cut off."""

    why: str
    frames: _Count
    dropped: dict[str, _Count]
    """Cause -> pictures that were not recorded."""


class SessionFile(Part):
    """session.json. `version` is that of all the files of the folder."""

    version: Literal[1] = 1
    created: AwareDatetime
    size_px: tuple[_Pixels, _Pixels]
    """Width and height of the pictures."""
    codec: str
    """Of the video, and how its pixels are stored."""
    camera: Camera
    profile: CameraProfile | None
    """The profile that was in use; None: there was none."""
    bundle: str | None
    """The model that ran meanwhile; None: none did."""
    software: dict[str, str]
    """Program -> version."""
    cut_from: str | None = None
    """The session of which this is a part, and which part."""
    ended: Ending | None = None


class VideoClock:
    """The video's time of each picture: microseconds since the first, and they only count up,
    whatever the index says. A picture is found in the video by it."""

    def __init__(self) -> None:
        self._first_ns: int | None = None
        self._last_us = -1

    def time_us(self, capture_ns: int) -> int:
        """Of the next picture."""
        if self._first_ns is None:
            self._first_ns = capture_ns
        self._last_us = max(self._last_us + 1, (capture_ns - self._first_ns) // 1000)
        return self._last_us
