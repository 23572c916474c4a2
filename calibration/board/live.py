"""`LiveView`: what the camera sees while pictures of the board are taken, on screen or in words."""

from __future__ import annotations

from types import TracebackType
from typing import Literal, Self

from calibration.board.collect import WANTED_COVERAGE, WANTED_VIEWS, StreamCollector
from calibration.drawing import GREEN, YELLOW, beside, captioned
from calibration.images import Picture
from calibration.opencv import cv2
from calibration.window import ENTER, ESCAPE, Window, display_available


class LiveView:
    """`with LiveView("auto") as live: live.show(...)`."""

    def __init__(self, window: Literal["auto", "no"]) -> None:
        wanted = window == "auto" and display_available()
        self._window = Window("calibration: board", "give --window no") if wanted else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._window is not None:
            self._window.__exit__(kind, error, trace)

    def show(self, picture: Picture, collector: StreamCollector, taken: bool) -> bool:
        """False when the user wants to end: Enter, q, Esc, or the window closed."""
        state = self._state(collector)
        if taken:
            print(state, flush=True)
        if self._window is None:
            return True
        image = picture.image.copy()
        if collector.seen is not None:
            for x, y in collector.seen.corners_px:
                cv2.circle(image, (round(x), round(y)), 4, GREEN if taken else YELLOW, 2)
        board = collector.coverage.picture([])
        self._window.show(captioned(beside(image, board), [state, "Enter: that is enough"]))
        return self._window.key(1) not in (ENTER, ESCAPE, ord("q"))

    def _state(self, collector: StreamCollector) -> str:
        views, share = len(collector.collection.sightings), collector.coverage.share
        text = f"{views}/{WANTED_VIEWS} views, {share:.0%}/{WANTED_COVERAGE:.0%} of the picture"
        if share < WANTED_COVERAGE:
            return f"{text}; show the board at the {collector.coverage.missing()}"
        return f"{text}; tilt it, nearer and farther" if views < WANTED_VIEWS else text
