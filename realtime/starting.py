"""`limited`: around a call of a library, while the program starts, that may never return.

Nobody can take back a call that hangs, and one that also keeps Python's lock lets no Python code
run, no signal's handler either. So until the model is open signals end the program on the spot
(stopping.py), and what takes too long is ended from outside: by a timer, which says where it hangs,
and, should Python's lock be kept, by faulthandler's thread, which needs no lock.

Nothing is imported here but the standard library: `limit_loading` is for the time before.
"""

from __future__ import annotations

import contextlib
import faulthandler
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from realtime.watchdog import stack_of

SLOW_S = 10.0
"""A model that is opened for so long is an engine being built, or a library that hangs."""
LOADING_LIMIT_S = 300.0
_GRACE_S = 2.0
"""So long the timer has to end the program in plain words."""


def limit_loading() -> None:
    """To be called before the libraries are imported: one that hangs then ends the program, with
    its stacks, after `LOADING_LIMIT_S`."""
    _end_later(LOADING_LIMIT_S)


def all_is_loaded() -> None:
    """What comes now has no limit, or one of its own."""
    faulthandler.cancel_dump_traceback_later()


@contextmanager
def limited(
    what: str,
    limit_s: float,
    *,
    on_event: Callable[[str], None],
    give_up: Callable[[str], None],
    slow_s: float = SLOW_S,
) -> Iterator[None]:
    """That it takes more than `slow_s` is said once, with the calling thread's stack. After
    `limit_s` `give_up` gets the last words, and is to end the program."""
    caller = threading.get_ident()

    def say() -> None:
        on_event(f"{what} takes more than {slow_s:g} s, at {stack_of(caller)}")

    def end() -> None:
        give_up(
            f"{what} took more than {limit_s:g} s (--start-limit), at {stack_of(caller)}: if a "
            "library hangs, another --backend may not; if an engine is being built, allow more"
        )

    timers = [threading.Timer(slow_s, say), threading.Timer(limit_s, end)]
    for timer in timers:
        timer.daemon = True
        timer.start()
    _end_later(limit_s + _GRACE_S)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        for timer in timers:
            timer.cancel()


def _end_later(limit_s: float) -> None:
    with contextlib.suppress(RuntimeError, AttributeError, OSError):  # there is no stderr
        faulthandler.dump_traceback_later(limit_s, exit=True)
