"""The loop behind the command: take pictures, save or show them, say how it goes, know the end."""

from __future__ import annotations

import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from calibration.opencv import cv2
from realtime.client.subscriber import Client
from realtime.client.window import Window
from realtime.errors import AddressError, UsageError
from realtime.frame import Image

READ_S = 0.02
STATUS_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When to stop."""

    frames: int | None
    duration_s: float | None
    timeout_s: float


class Watch:
    """Follows `client` until a limit is reached or the window is closed."""

    def __init__(
        self, client: Client, limits: Limits, window: Window | None, save_to: Path | None
    ) -> None:
        self._client = client
        self._limits = limits
        self._window = window
        self._save_to = save_to
        self._start_s = time.monotonic()
        self._last_s = self._start_s
        self._status_s = self._start_s
        self._on_line = False
        self.frames = 0
        """Pictures that were decoded, and saved or shown if asked for."""

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._start_s

    @property
    def complete(self) -> bool:
        """As many pictures as were asked for; at least one if no number was."""
        return self.frames >= (self._limits.frames or 1)

    def run(self) -> None:
        """Return at the limit. Raises `AddressError` when nothing comes, `UsageError` when a
        picture cannot be written."""
        try:
            while not self._over():
                received = self._client.read_image(READ_S)
                if received is not None:
                    self._last_s = time.monotonic()
                    self._use(received[1])
                if self._window is not None and not self._window.pump():
                    return
                self._give_up_in_silence()
                self._say()
        finally:
            if self._on_line:
                sys.stderr.write("\n")

    def _over(self) -> bool:
        if self._limits.frames is not None and self.frames >= self._limits.frames:
            return True
        return self._limits.duration_s is not None and self.elapsed_s >= self._limits.duration_s

    def _use(self, image: Image) -> None:
        if self._save_to is not None:
            path = self._save_to / f"avatar_{self.frames + 1:06d}.png"
            _write_png(path, image)
        if self._window is not None:
            self._window.show(image, self._figures())
        self.frames += 1

    def _give_up_in_silence(self) -> None:
        """Watching without a number of frames survives a publisher that is away for long."""
        if self.frames > 0 and self._limits.frames is None:
            return
        if time.monotonic() - self._last_s > self._limits.timeout_s:
            raise AddressError(self._why_silent())

    def _why_silent(self) -> str:
        """Why no picture comes, as far as can be known, and what to do."""
        client, silent_s = self._client, self._limits.timeout_s
        stream = f"stream {client.stream!r} from {client.address}"
        if self.frames > 0:
            came = f"{self.frames} of {self._limits.frames} pictures came, then none"
            return f"{stream} stopped: {came} for {silent_s:g} s; see what launch.py says"
        start = f"no picture of {stream} came in {silent_s:g} s:"
        if not client.connected:
            return f"{start} nobody answers there; is launch.py running, with this --bind address?"
        if client.tally.malformed:
            return f"{start} what came is not of this protocol: {client.tally.malformed}"
        if client.info is not None:
            return f"{start} its publisher runs but sends none; see what launch.py says"
        if client.other_streams:
            return f"{start} others do: --stream {' or '.join(sorted(client.other_streams))}"
        return f"{start} a publisher is there, but it knows no such stream; see --stream"

    def _figures(self) -> list[str]:
        client, tally = self._client, self._client.tally
        ages = client.age_summary()
        p50, p95 = ages["p50"], ages["p95"]
        age = "age unknown" if p50 is None or p95 is None else f"age p50 {p50:.1f} p95 {p95:.1f} ms"
        damaged = sum(tally.malformed.values())
        return [
            f"{client.rate.per_second():.1f} fps  {age}",
            f"lost {tally.lost}  skipped {client.skipped}  damaged {damaged}",
            f"bundle {_printable(client.bundle or 'unknown')}",
        ]

    def _say(self) -> None:
        now_s = time.monotonic()
        if now_s - self._status_s < STATUS_S:
            return
        self._status_s = now_s
        silent_s = now_s - self._last_s
        figures = self._figures() if silent_s < STATUS_S else [f"no picture for {silent_s:.0f} s"]
        line = "  ".join([f"client: {self.frames} frames", *figures])
        if sys.stderr.isatty():  # there the line is written over, and must not be broken
            sys.stderr.write(f"\r\x1b[K{line[: shutil.get_terminal_size().columns - 1]}")
            self._on_line = True
        else:
            sys.stderr.write(line + "\n")
        sys.stderr.flush()


def _write_png(path: Path, image: Image) -> None:
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    # Level 1: a tenth of the default's time, for files a little larger.
    if not cv2.imwrite(str(path), bgr, [cv2.IMWRITE_PNG_COMPRESSION, 1]):
        raise UsageError(f"cannot write {path}; is the disk full, or the folder not writable?")


def _printable(text: str) -> str:
    """Text from the wire, without what would steer a terminal."""
    return "".join(c if c.isprintable() else "?" for c in text[:60])
