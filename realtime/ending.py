"""How the process ends where the usual way is barred: its last words, and threads left behind."""

from __future__ import annotations

import os
import sys
import threading
from typing import NoReturn

from realtime.log import THREAD as LOG_THREAD
from realtime.pipeline import STAGE_THREADS
from realtime.status import StatusLine


def leave(code: int) -> NoReturn:
    """End with this exit code. A thread that hangs in a library would crash when the interpreter
    takes itself apart, and for one that writes to a log that nobody reads it would wait."""
    if {thread.name for thread in threading.enumerate()} & {*STAGE_THREADS, LOG_THREAD}:
        os._exit(code)
    sys.exit(code)


def say_last(text: str, *, as_json: bool) -> None:
    """A line for people, when there is no status line any more."""
    status = StatusLine(sys.stderr, as_json=as_json)
    status.say(text)
    status.close()


def give_up(status: StatusLine, why: str) -> NoReturn:
    """From another thread, while the main one hangs in a call of a library."""
    status.say(why)
    status.close()
    os._exit(1)


def end_without_memory(failure: sys.UnraisableHookArgs) -> None:
    """For `sys.unraisablehook`: a thread that finds no memory to start leaves the one that starts
    it waiting for ever."""
    if isinstance(failure.exc_value, MemoryError):
        sys.stderr.write(
            "launch: out of memory: a thread could not start; free some, or add some\n"
        )
        os._exit(1)
    sys.__unraisablehook__(failure)
