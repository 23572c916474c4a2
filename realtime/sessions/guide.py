"""`guide`: tells the wearer what to do while a session is recorded, and marks when it was done.

It is a program of its own beside the one that records: any process may append to a session's marks.
A step is a mark of its kind at its beginning and one of the kind "pause" at its end, so what lies
between steps - moving over, reading the next line - is never taken for the step.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from realtime.errors import SessionError
from realtime.sessions.config import GuideConfig
from realtime.sessions.format import INDEX, is_session
from realtime.sessions.guide_script import SCRIPT, Step
from realtime.sessions.marks import append_mark
from realtime.sessions.reader import read_about

PAUSE = "pause"
_TURN_S = 0.1
_STALE_S = 10.0
"""A recording to which nothing came for so long has been killed, or its camera is lost."""


def guide(config: GuideConfig, say: Callable[[str, bool], None]) -> int:
    """Go through the script; how many steps were marked.

    say: gets a line of text, and whether the next one replaces it. Raises `SessionError` where
    nothing is being recorded, or it ends before the script does; marks until then stay.
    """
    steps = chosen(config.only)
    _wait_for(config.folder, config.wait_s, say)
    last_s = len(steps) * (config.ready_s + config.hold_s)
    say(f"{len(steps)} steps, {last_s / 60:.1f} minutes; Ctrl-C ends it and keeps the marks", False)
    for number, step in enumerate(steps, 1):
        _go_on(config.folder, number - 1)
        title = f"{number}/{len(steps)} {step.ask}"
        _count_down(f"{title}  in", config.ready_s, say)
        text = f"{step.name}: {' '.join(step.shapes)}" if step.shapes else step.name
        append_mark(config.folder, step.kind, text)
        _count_down(f"\a{title}  NOW", config.hold_s, say)
        append_mark(config.folder, PAUSE, step.name)
        say(f"{title}  done", False)
    return len(steps)


def chosen(kinds: Sequence[str]) -> tuple[Step, ...]:
    """The steps of these kinds; of all, if none is named."""
    return tuple(step for step in SCRIPT if not kinds or step.kind in kinds)


def _wait_for(folder: Path, wait_s: float, say: Callable[[str, bool], None]) -> None:
    """Until the recording has begun."""
    end_s = time.monotonic() + wait_s
    while not is_session(folder):
        if time.monotonic() > end_s:
            raise SessionError(
                f"{folder}: nothing was recorded there in {wait_s:g} s; start python launch.py "
                f"--camera 0 --record {folder} in another terminal"
            )
        say(f"waiting for launch.py --record {folder}", True)
        time.sleep(_TURN_S)


def _go_on(folder: Path, done: int) -> None:
    ended = read_about(folder).ended
    if ended is not None:
        raise SessionError(f"{folder}: the recording ended ({ended.why}) after {done} steps")
    index = folder / INDEX
    age_s = time.time() - index.stat().st_mtime if index.exists() else 0.0
    if age_s > _STALE_S:
        raise SessionError(
            f"{folder}: no picture came for {age_s:.0f} s, after {done} steps; is launch.py "
            "--record still running, and its camera there?"
        )


def _count_down(text: str, seconds: float, say: Callable[[str, bool], None]) -> None:
    end_s = time.monotonic() + seconds
    while (left_s := end_s - time.monotonic()) > 0:
        say(f"{text} {math.ceil(left_s)} s", True)
        text = text.removeprefix("\a")  # the bell rings once
        time.sleep(min(_TURN_S, left_s))
