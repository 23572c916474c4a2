"""`LightWatch`: tells when the light is no longer that of the pictures that were trained on."""

from __future__ import annotations

from collections.abc import Callable

from calibration.levels import Levels, PhotometricStats, drift
from realtime.frame import Image

EVERY = 6
"""One view in so many is measured: five a second of a usual camera."""
WINDOW = 25
"""So many measured views are compared at once: what five seconds show, not one gesture."""


class LightWatch:
    """`add` is for the infer thread; any thread may read `warnings`."""

    def __init__(self, reference: PhotometricStats, on_event: Callable[[str], None]) -> None:
        """`reference` is of the model's view, before the levels are corrected, as
        `python -m calibration photometric --reference` measures it."""
        self._reference, self._on_event = reference, on_event
        self._levels, self._seen = Levels(), 0
        self.warnings: tuple[str, ...] = ()
        """What is out of bounds now, a line each; empty: nothing."""

    def add(self, view: Image) -> None:
        """The next view, uint8[h, w, 3] RGB. What begins or ends is said once."""
        self._seen += 1
        if self._seen % EVERY:
            return
        self._levels.add(view)
        if len(self._levels) < WINDOW:
            return
        before, self.warnings = self.warnings, drift(self._reference, self._levels.stats()).warnings
        self._levels = Levels()
        if self.warnings and not before:
            for line in self.warnings:
                self._on_event(f"light: {line}")
        elif before and not self.warnings:
            self._on_event("light: as in training again")
