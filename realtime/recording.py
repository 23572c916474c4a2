"""`Recording`: the figures of a recording, for the status line, the report and the info message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RecordingState = Literal["waiting", "recording", "failed", "finished"]
"""waiting: for the first picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """The figures of a recording at one moment."""

    folder: str
    state: RecordingState
    frames: int
    """Written to the session."""
    dropped: dict[str, int]
    """Cause -> pictures that were not recorded. recorder_busy: the queue was full; failed: the
    recording had ended with an error."""
