"""The command lines of `python -m realtime.sessions`; the docstrings are the text of --help."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from realtime.errors import UsageError
from realtime.sessions.guide_script import Kind

Folder = Annotated[Positional[Path], arg(metavar="FOLDER")]


@dataclass(frozen=True, slots=True, kw_only=True)
class InfoConfig:
    """Say what is in a session, without a look at its video."""

    folder: Folder
    """The session."""
    json: bool = False
    """As JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyConfig:
    """Decode every picture and compare it with what the camera gave. Ends with exit code 1 if
    anything is damaged; the end that a killed recording leaves is none."""

    folder: Folder
    """The session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportConfig:
    """Write pictures as PNG files, named by their number."""

    folder: Folder
    """The session."""
    out: Path
    """A new folder to write to."""
    every: int = 1
    """One picture in so many."""
    view: Annotated[str | None, arg(metavar="WxH")] = None
    """As a model of this size sees them, such as 256x256: crop, turn, lens and levels of the
    session's profile are applied."""
    profile: Annotated[Path | None, arg(metavar="FILE")] = None
    """With --view: this profile instead."""

    def __post_init__(self) -> None:
        if self.every < 1:
            raise UsageError(f"--every {self.every}: give 1 or more")
        if self.view is not None and not re.fullmatch(r"[1-9]\d{0,3}x[1-9]\d{0,3}", self.view):
            raise UsageError(f"--view {self.view}: give width x height, such as 256x256")
        if self.profile is not None and self.view is None:
            raise UsageError("--profile is for --view: add --view 256x256")

    @property
    def view_px(self) -> tuple[int, int] | None:
        """Width and height."""
        if self.view is None:
            return None
        width, height = self.view.split("x")
        return int(width), int(height)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrimConfig:
    """Copy a part of a session, bit for bit, into one of its own."""

    folder: Folder
    """The session."""
    out: Path
    """A new folder."""
    from_s: float = 0.0
    """Where the part begins, in seconds since the first picture."""
    to_s: float = math.inf
    """Where it ends; what is at this time is no longer in it."""

    def __post_init__(self) -> None:
        if not 0 <= self.from_s < self.to_s:
            raise UsageError(f"--from-s {self.from_s:g} --to-s {self.to_s:g}: give 0 <= from < to")


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideConfig:
    """While launch.py --record FOLDER runs: say what face to make, how to move, when to change the
    light, with a countdown; and mark in the session when it was done. Whoever wears the headset
    may not see the screen: let somebody read it out, or look at it in the headset."""

    folder: Folder
    """The session that is being recorded, or is about to be."""
    only: tuple[Kind, ...] = ()
    """These parts of the script alone: expression, speech, head, light."""
    hold_s: float = 6.0
    """How long each thing is done."""
    ready_s: float = 4.0
    """How long before it is announced."""
    wait_s: float = 60.0
    """How long to wait for the recording to begin."""

    def __post_init__(self) -> None:
        for name in ("hold_s", "ready_s", "wait_s"):
            value = getattr(self, name)
            if not 0 <= value <= 3600:
                option = name.replace("_", "-")
                raise UsageError(f"--{option} {value:g}: give seconds, 0 to 3600")


CONFIGS: dict[str, type[InfoConfig | VerifyConfig | ExportConfig | TrimConfig | GuideConfig]] = {
    "info": InfoConfig,
    "verify": VerifyConfig,
    "export-frames": ExportConfig,
    "trim": TrimConfig,
    "guide": GuideConfig,
}
"""Command -> what it can be asked for."""
