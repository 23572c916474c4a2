"""A window of the desktop: shows pictures, gives keys and the mouse. For the main thread."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Self

from calibration.errors import NoDisplay
from calibration.images import Image
from calibration.opencv import cv2

_PROBE = "from calibration.opencv import cv2; cv2.namedWindow('probe')"

ESCAPE, ENTER = 27, 13
_LARGEST_PX = (1400, 900)
"""Of a window as it opens; the user may enlarge it."""


class Window:
    """`with Window("title") as window: ...`"""

    def __init__(self, title: str, instead: str) -> None:
        """Raises `NoDisplay`, which ends with `instead`: what to do without a window."""
        if not display_available():
            raise NoDisplay(
                "no window can be shown here: there is no display, or OpenCV was built without "
                f"windows; {instead}"
            )
        self._title, self._sized = title, False
        flags = cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL
        cv2.namedWindow(title, flags)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        cv2.destroyAllWindows()

    def show(self, image: Image) -> None:
        """uint8[H, W, 3] RGB."""
        height, width, _ = image.shape
        if not self._sized:
            shrink = min(1.0, _LARGEST_PX[0] / width, _LARGEST_PX[1] / height)
            cv2.resizeWindow(self._title, int(width * shrink), int(height * shrink))
            self._sized = True
        cv2.imshow(self._title, image[..., ::-1])

    def key(self, wait_ms: int) -> int | None:
        """The key that was pressed, a character's code; None: none. Closing the window is Esc."""
        code = cv2.waitKey(wait_ms)
        if cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) < 1:
            return ESCAPE
        return None if code < 0 else code & 0xFF

    def on_mouse(self, react: Callable[[int, int, int], None]) -> None:
        """`react(event, x, y)` with OpenCV's events, in pixels of the picture shown."""
        cv2.setMouseCallback(self._title, lambda event, x, y, _flags, _data: react(event, x, y))


def display_available() -> bool:
    """Tried in another process: where there is no display, Qt ends the one that asks for it."""
    probe = subprocess.run([sys.executable, "-c", _PROBE], capture_output=True, timeout=30)
    return probe.returncode == 0
