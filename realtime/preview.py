"""`Preview`: the window of launch.py --view, the camera's view beside the avatar it became."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from realtime.fit import fit
from realtime.frame import Image
from realtime.mailbox import Mailbox
from realtime.report import Snapshot
from realtime.window import Window

TURN_S = 0.01
"""How often `turn` wants to be called."""
_PERIOD_S = 1 / 30
_FIGURES_PERIOD_S = 0.5
_STAGES = {"view": "view", "infer": "model", "encode": "encode", "total": "camera to network"}


class Preview:
    """`offer` is for the pipeline's thread and never waits; the rest is for the main thread."""

    def __init__(self, title: str) -> None:
        """Raises `UsageError` where no window can be shown."""
        self._window = Window(title)
        self._newest: Mailbox[tuple[Image, Image]] = Mailbox()
        self._pair: Image = np.zeros((256, 512, 3), np.uint8)  # until a frame comes
        self._lines: list[str] = []
        self._alert: str | None = None
        self._next_s = self._next_figures_s = 0.0

    def offer(self, view: Image, avatar: Image) -> None:
        """Two pictures uint8[h, w, 3] RGB that nobody writes to any more; they are not copied."""
        self._newest.put((view, avatar))

    def turn(self, snapshot: Callable[[], Snapshot]) -> bool:
        """Show what is newest, if it is time to; False once the user has closed the window."""
        now_s = time.monotonic()
        if now_s >= self._next_s:
            self._next_s = now_s + _PERIOD_S
            self._draw(now_s, snapshot)
        return self._window.pump()

    def close(self) -> None:
        """Take the window from the screen."""
        self._window.close()

    def _draw(self, now_s: float, snapshot: Callable[[], Snapshot]) -> None:
        newest = self._newest.get(0)
        told = now_s >= self._next_figures_s
        if newest is None and not told:
            return
        if newest is not None:
            self._pair = beside(*newest)
        if told:
            self._next_figures_s = now_s + _FIGURES_PERIOD_S
            now = snapshot()
            self._lines = figures(now)
            self._alert = None if now.source_state == "live" else f"source {now.source_state}"
        self._window.show(self._pair, self._lines, self._alert)


def beside(view: Image, avatar: Image) -> Image:
    """Both at the avatar's height, the view left: uint8[h, w, 3] RGB."""
    height = avatar.shape[0]
    width = max(1, round(view.shape[1] * height / view.shape[0]))
    return np.concatenate([fit(view, (width, height)), avatar], axis=1)


def figures(snapshot: Snapshot) -> list[str]:
    """Rates, then the time of each stage."""
    dropped = sum(snapshot.dropped.values())
    lines = [
        f"{snapshot.fps_in:.1f} fps in  {snapshot.fps_out:.1f} fps out  dropped {dropped}",
        f"bundle {snapshot.bundle}  {snapshot.backend}",
    ]
    for stage, name in _STAGES.items():
        p50, p95 = snapshot.latency_ms[stage]["p50"], snapshot.latency_ms[stage]["p95"]
        if p50 is not None and p95 is not None:
            lines.append(f"{name} p50 {p50:.1f} p95 {p95:.1f} ms")
    return lines
