"""`InferThread`: frames to avatars. A frame that the model fails on is left out and counted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from calibration.view_map import ViewMap
from realtime.backends import Backend, check_picture
from realtime.errors import BackendError
from realtime.frame import Frame, Image
from realtime.health import Failures, Pulse
from realtime.mailbox import Closed, Mailbox
from realtime.relay import Relay
from realtime.stats import Latency

CALM_S = 0.5
"""How long one waits that has nothing else to do, or whose work the thread before it does."""
TURN_S = 0.05
"""How long a thread waits for a frame before it looks at everything else it has to do."""


class Result(NamedTuple):
    """A frame and what the model made of it."""

    frame: Frame
    avatar: Image
    """uint8[h, w, 3] RGB."""
    infer_ns: int


class InferThread(threading.Thread):
    """Takes frames from a mailbox until it is closed; then it closes its own, with the error if one
    ended it."""

    def __init__(
        self,
        inbox: Relay[Frame],
        outbox: Mailbox[Result],
        *,
        view: ViewMap,
        backend: Backend,
        waits: Callable[[], bool],
        ended: threading.Event,
        on_event: Callable[[str], None],
        on_pictures: Callable[[Image, Image], None] | None,
    ) -> None:
        """waits: whether a result waits for the slot, as for a file, or takes it, as for a camera.
        ended: nobody takes results any more. `on_pictures` as in `Pipeline`."""
        super().__init__(name="infer", daemon=True)
        self.pulse = Pulse()
        self.failures = Failures(on_event)
        self.latency = {stage: Latency() for stage in ("capture", "view", "infer")}
        self._inbox, self._outbox = inbox, outbox
        self._view, self._backend = view, backend
        self._waits, self._ended = waits, ended
        self._on_pictures = on_pictures

    def run(self) -> None:
        try:
            while True:
                self.pulse.rest()
                self._inbox.serve(self._turn, CALM_S)
        except Closed:
            # A source that ended while the model failed on it was not turned into the avatar.
            self._outbox.close(self.failures.error)
        except BaseException as error:
            self._outbox.close(error)

    def _turn(self, frame: Frame) -> None:
        self.pulse.beat()
        taken_ns = time.monotonic_ns()
        seen = self._view(frame.image)
        viewed_ns = time.monotonic_ns()
        try:
            batch = self._backend.run(seen)
            check_picture(seen, batch)
        except (BackendError, MemoryError) as error:
            self.failures.failed(error)
            return
        avatar, infer_ns = batch[0], time.monotonic_ns() - viewed_ns
        self._hand_over(Result(frame=frame, avatar=avatar, infer_ns=infer_ns))
        # What follows would have made it older.
        self.failures.worked()
        if self._on_pictures is not None:
            self._on_pictures(seen[0], avatar)
        self.latency["capture"].add(taken_ns - frame.capture_ns)
        self.latency["view"].add(viewed_ns - taken_ns)
        self.latency["infer"].add(infer_ns)

    def _hand_over(self, result: Result) -> None:
        self.pulse.rest()
        if not self._waits():
            self._outbox.put(result)
            return
        while not self._outbox.put_when_free(result, TURN_S):
            if self._ended.is_set():
                return
