"""`Watchdog`: sees from outside that a thread stands still, and says where, once, with its stack.

A thread cannot tell that it is held up in a call that does not return, so this one looks at the
others' pulses. What a stall leads to:

- capture: the stream goes on with the last picture, marked as old, until the read returns or the
  source gives up on it and is opened again;
- model, publisher: a call of theirs cannot be taken back. Up to `FATAL_S` it is waited for; then
  the program ends with an error, so that whoever supervises it starts it anew.

Under systemd (Type=notify) it says READY=1 at the first frame, WATCHDOG=1 as long as no thread is
stalled that cannot be replaced, and STOPPING=1 at the end.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from realtime.errors import StageStalled
from realtime.health import STALLED_S, Pulse

FATAL_S = 10.0
"""A model or publisher that stands still for this long does not come back."""
_TURN_S = 0.25
_FRAMES_OF_STACK = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step to look after."""

    thread: threading.Thread
    """When it ends, the step is over."""
    pulse: Pulse
    replaceable: bool
    """A stall of it is survived however long it lasts."""


class Watchdog:
    """Looks after `stages` from `start` until `stop`."""

    def __init__(
        self,
        stages: Mapping[str, Stage],
        *,
        on_event: Callable[[str], None],
        on_fatal: Callable[[StageStalled], None],
        is_ready: Callable[[], bool],
    ) -> None:
        """`on_event` gets sentences for people; `on_fatal`, once, the stall that ends the run.

        is_ready: whether the stream has begun, for systemd.
        """
        self._stages = dict(stages)
        self._on_event, self._on_fatal, self._is_ready = on_event, on_fatal, is_ready
        self._stalled: dict[str, float] = {}
        self._told_ready = self._told_fatal = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    @property
    def stalled(self) -> tuple[str, ...]:
        """The stages that stand still now."""
        return tuple(self._stalled)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Stop looking; what ends now is meant to."""
        self._stopping.set()
        self._thread.join()
        notify_systemd("STOPPING=1")

    def _run(self) -> None:
        while not self._stopping.wait(_TURN_S):
            self.look()

    def look(self) -> None:
        """One look at every stage; the thread does this four times a second."""
        for name, stage in self._stages.items():
            silent_s = stage.pulse.silent_s if stage.thread.is_alive() else 0.0
            if silent_s > STALLED_S:
                self._stands_still(name, stage, silent_s)
            elif name in self._stalled:
                self._on_event(f"{name} goes on after {self._stalled.pop(name):.1f} s")
        if not self._told_ready and self._is_ready():
            self._told_ready = True
            notify_systemd("READY=1")
        if not any(not self._stages[name].replaceable for name in self._stalled):
            notify_systemd("WATCHDOG=1")

    def _stands_still(self, name: str, stage: Stage, silent_s: float) -> None:
        if name not in self._stalled:
            self._on_event(
                f"{name} stands still for {silent_s:.1f} s, at {stack_of(stage.pulse.thread)}"
            )
        self._stalled[name] = silent_s
        if silent_s > FATAL_S and not stage.replaceable and not self._told_fatal:
            self._told_fatal = True
            self._on_fatal(
                StageStalled(
                    f"{name} stands still for {silent_s:.0f} s and cannot be replaced: start the "
                    "program again; its stack is above"
                )
            )


def stack_of(thread: int) -> str:
    """Where the thread of this identifier is now, innermost call last, in one line:
    `file.py:12 function > ...`."""
    frame = sys._current_frames().get(thread)
    calls = traceback.extract_stack(frame)[-_FRAMES_OF_STACK:] if frame else []
    places = (f"{os.path.basename(call.filename)}:{call.lineno} {call.name}" for call in calls)  # noqa: PTH119
    return " > ".join(places) or "nowhere"


def notify_systemd(state: str) -> bool:
    """Send one line of the sd_notify protocol; False where no systemd asked for it."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path:
        return False
    address = "\0" + path[1:] if path.startswith("@") else path
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as to_systemd:
            to_systemd.setblocking(False)
            to_systemd.sendto(state.encode(), address)
    except OSError:
        return False  # systemd notices by itself that nothing came
    return True
