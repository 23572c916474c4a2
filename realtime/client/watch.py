"""The loop behind the command: take pictures, hand them on, say how it goes, know the end."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from realtime.client.figures import SILENT_S, alert, figures
from realtime.client.outputs import Output
from realtime.client.subscriber import Client
from realtime.errors import AddressError
from realtime.frame import Image
from realtime.window import Window
from realtime.wire import Packet

READ_S = 0.02
STATUS_S = 1.0
FIGURES_S = 0.25
"""So often the figures in the window change: they are to be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When to stop."""

    frames: int | None
    duration_s: float | None
    timeout_s: float


class Watch:
    """Follows `client` until a limit is reached or the window is closed."""

    def __init__(
        self,
        client: Client,
        limits: Limits,
        window: Window | None = None,
        outputs: Sequence[Output] = (),
    ) -> None:
        self._client, self._limits = client, limits
        self._window, self._outputs = window, outputs
        self._start_s = self._last_s = self._status_s = time.monotonic()
        self._packet: Packet | None = None
        self._image: Image = np.zeros((256, 256, 3), np.uint8)  # until there is one
        self._lines: list[str] = []
        self._lines_s = 0.0
        self._on_line = False
        self.stopped = False
        """Set it, from a signal's handler for example, and `run` returns."""
        self.frames = 0
        """Pictures that were decoded, and that every output took."""

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._start_s

    @property
    def complete(self) -> bool:
        """As many pictures as were asked for; at least one if no number was."""
        return self.frames >= (self._limits.frames or 1)

    def run(self) -> None:
        """Return at the limit. Raises `AddressError` when nothing comes, `UsageError` when an
        output fails."""
        try:
            while not self._over():
                received = self._client.read_image(READ_S)
                if received is not None:
                    self._take(*received)
                if self._window is not None:
                    self._show(self._window, is_new=received is not None)
                    if not self._window.pump():
                        return
                self._give_up_in_silence()
                self._say()
        finally:
            if self._on_line:
                sys.stderr.write("\n")

    def _over(self) -> bool:
        if self.stopped:
            return True
        if self._limits.frames is not None and self.frames >= self._limits.frames:
            return True
        return self._limits.duration_s is not None and self.elapsed_s >= self._limits.duration_s

    def _take(self, packet: Packet, image: Image) -> None:
        self._last_s = time.monotonic()
        self._packet, self._image = packet, image
        took = [output.put(packet, image) for output in self._outputs]
        self.frames += all(took)

    def _show(self, window: Window, *, is_new: bool) -> None:
        """Show a new picture at once, and the old one again when its figures change."""
        now_s = time.monotonic()
        if now_s - self._lines_s >= FIGURES_S:
            self._lines_s = now_s
            self._lines = figures(self._client, self._outputs)
        elif not is_new:
            return
        window.show(self._image, self._lines, alert(self._client, self._packet, self._silent_s))

    @property
    def _silent_s(self) -> float:
        return time.monotonic() - self._last_s

    def _give_up_in_silence(self) -> None:
        """Watching without a number of frames survives a publisher that is away for long."""
        if self.frames > 0 and self._limits.frames is None:
            return
        if self._silent_s > self._limits.timeout_s:
            raise AddressError(self._why_silent())

    def _why_silent(self) -> str:
        """Why no picture comes, as far as can be known, and what to do."""
        client, silent_s = self._client, self._limits.timeout_s
        stream = f"stream {client.stream!r} from {client.address}"
        if self.frames > 0:
            came = f"{self.frames} of {self._limits.frames} pictures came, then none"
            return f"{stream} stopped: {came} for {silent_s:g} s; see what launch.py says"
        start = f"no picture of {stream} came in {silent_s:g} s:"
        if client.refused:
            return (
                f"{start} the publisher there does not let this client in; it needs --curve and a "
                "key file that this publisher's `python -m realtime.keys new` wrote"
            )
        if not client.connected:
            return f"{start} nobody answers there; is launch.py running, with this --bind address?"
        if client.tally.malformed:
            return f"{start} what came is not of this protocol: {client.tally.malformed}"
        if client.info is not None:
            return f"{start} its publisher runs but sends none; see what launch.py says"
        if client.other_streams:
            return f"{start} others do: --stream {' or '.join(sorted(client.other_streams))}"
        return f"{start} a publisher is there, but it knows no such stream; see --stream"

    def _say(self) -> None:
        now_s = time.monotonic()
        if now_s - self._status_s < STATUS_S:
            return
        self._status_s = now_s
        old = alert(self._client, self._packet, self._silent_s)
        told = figures(self._client, self._outputs) if self._silent_s < SILENT_S else []
        line = "  ".join([f"client: {self.frames} frames", *filter(None, [old]), *told])
        if sys.stderr.isatty():  # there the line is written over, and must not be broken
            sys.stderr.write(f"\r\x1b[K{line[: shutil.get_terminal_size().columns - 1]}")
            self._on_line = True
        else:
            sys.stderr.write(line + "\n")
        sys.stderr.flush()
