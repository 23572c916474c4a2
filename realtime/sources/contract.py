"""What a source of frames is, whatever it reads from: `Source`, and what may be asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from realtime.errors import UsageError
from realtime.frame import Frame

Pace = Literal["wait", "realtime", "free"]
"""How a file is played; cameras and streams have a rate of their own.

- wait: at the file's rate, and nothing is dropped: a slow model slows the playback;
- realtime: as a camera would give it, whether or not the model keeps up;
- free: as fast as the pipeline takes the frames.
"""

Setting = str | float
"""A camera's setting as it was read back."""

OPEN_LIMIT_S = 9.0
"""A source that cannot be opened says so within this time."""

LOST_AFTER_S = 3.0
"""A stream that gives no picture for this long is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraRequest:
    """What the user asks of a camera; None leaves it at the camera's default."""

    size_px: tuple[int, int] | None = None
    """Width and height."""
    fps: float | None = None

    def __post_init__(self) -> None:
        if self.size_px is not None and min(self.size_px) < 1:
            raise UsageError(f"asked for pictures of {_size(self.size_px)}: give 1x1 or more")
        if self.fps is not None and not self.fps > 0:
            raise UsageError(f"asked for {self.fps:g} fps: give a rate above 0")

    def differences(self, size_px: tuple[int, int], fps: float | None) -> tuple[str, ...]:
        """One line for each thing that was asked for and not got."""
        lines = []
        if self.size_px is not None and self.size_px != size_px:
            lines.append(f"asked for {_size(self.size_px)}, got {_size(size_px)}")
        if self.fps is not None and fps is None:
            lines.append(f"asked for {self.fps:g} fps, got a rate that the source does not tell")
        # Half a frame per second is no difference: a camera's 30 is often 29.97.
        elif self.fps is not None and fps is not None and abs(self.fps - fps) > 0.5:
            lines.append(f"asked for {self.fps:g} fps, got {fps:.4g}")
        return tuple(lines)


AS_IT_COMES = CameraRequest()
"""Nothing is asked of the camera."""


class Source(Protocol):
    """An open camera, stream or file. Owned by one thread."""

    name: str
    """For people and logs; what is secret in an address is blanked out."""
    live: bool
    """True: the newest frame wins. False: the reader waits and nothing is dropped."""
    fps: float | None
    """The source's nominal rate; None if it does not tell."""
    settings: Mapping[str, Setting]
    """What the source says of itself once it is open: exposure, gain, ..., or a file's codec."""
    notes: tuple[str, ...]
    """What people should know, a line each; it may grow: asked and got, damaged pictures."""

    def read(self) -> Frame | None:
        """The next frame, waiting for it; None at the end of a file.

        Raises `SourceLost` when it has stopped giving frames (opening it again may help), and
        another `SourceError` when that would not help.
        """

    def close(self) -> None:
        """Release the device, connection or file; not while another thread is in `read`."""


def _size(size_px: tuple[int, int]) -> str:
    return f"{size_px[0]}x{size_px[1]}"
