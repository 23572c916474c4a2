"""`Injector`: makes each fault of the schedule happen, and undoes it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import zmq

from realtime.soak.camera import SoakCamera

CAMERA_FAULTS = frozenset(("unplugged", "silent", "half", "frozen"))
"""Those that let no new picture through while they last."""
_SUBSCRIPTIONS_A_TURN = 20
_TURN_S = 0.1


class Injector:
    """One fault at a time. `begin`, then `end`; both return at once."""

    def __init__(self, camera: SoakCamera, address: str) -> None:
        self._camera, self._address = camera, address
        self._undo: Callable[[], None] = lambda: None

    def begin(self, kind: str) -> None:
        """Let it happen."""
        self._undo = self._begin(kind)

    def end(self) -> None:
        """Undo it; nothing if there is none."""
        self._undo()
        self._undo = lambda: None

    def _begin(self, kind: str) -> Callable[[], None]:
        camera = self._camera
        match kind:
            case "unplugged":
                camera.unplug()
                return camera.plug_in
            case "silent" | "half" | "frozen" | "large":
                camera.behaviour = kind
                return lambda: setattr(camera, "behaviour", "good")
            case "subscriber_killed" | "subscriber_stopped":
                return self._subscriber(stopped=kind == "subscriber_stopped")
            case "flood":
                return self._flood()
            case "busy_core":
                return _ended(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
        raise ValueError(kind)

    def _subscriber(self, *, stopped: bool) -> Callable[[], None]:
        process = subprocess.Popen(
            [sys.executable, "-m", "realtime.client", self._address, "--headless"],
            stderr=subprocess.DEVNULL,
        )
        if stopped:  # once it has had the time to subscribe
            threading.Timer(1.5, process.send_signal, (signal.SIGSTOP,)).start()
        return _ended(process)

    def _flood(self) -> Callable[[], None]:
        over = threading.Event()

        def flood() -> None:
            with zmq.Context() as context, context.socket(zmq.XSUB) as socket:
                socket.setsockopt(zmq.LINGER, 0)
                socket.connect(self._address)
                number = 0
                while not over.wait(_TURN_S):
                    for _ in range(_SUBSCRIPTIONS_A_TURN):
                        number += 1
                        socket.send(b"\x01avatar/%d" % number)

        threading.Thread(target=flood, name="flood", daemon=True).start()
        return over.set


def _ended(process: subprocess.Popen[bytes]) -> Callable[[], None]:
    def end() -> None:
        process.kill()
        process.wait()

    return end
