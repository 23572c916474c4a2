"""A window for the stream, with its figures written over it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from calibration.opencv import cv2
from realtime.errors import UsageError
from realtime.frame import Image

_PROBE = "from calibration.opencv import cv2; cv2.namedWindow('probe')"
_SMALLEST_PX = 512
_ESCAPE = 27


class Window:
    """Shows pictures; for the main thread. `open` tells when the user has closed it."""

    def __init__(self, title: str) -> None:
        """Raises `UsageError` where no window can be shown."""
        _require_display()
        self._title = title
        cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO)

    def show(self, image: Image, lines: Sequence[str]) -> None:
        """Show `image`, uint8[h, w, 3] RGB, enlarged if small, with lines of text over it."""
        scale = max(1, -(-_SMALLEST_PX // image.shape[0]))
        canvas = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
        canvas = cv2.resize(canvas, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
        for row, line in enumerate(lines):
            for shift, colour in ((1, (0, 0, 0)), (0, (255, 255, 255))):  # black is the shadow
                place = (8 + shift, 20 + 20 * row + shift)
                font = cv2.FONT_HERSHEY_SIMPLEX
                cv2.putText(canvas, line, place, font, 0.5, colour, 1, cv2.LINE_AA)
        cv2.imshow(self._title, canvas)

    def pump(self) -> bool:
        """Let the window live; False once the user pressed q or Esc, or closed it."""
        key = cv2.waitKey(1) & 0xFF
        return key not in (ord("q"), _ESCAPE) and (
            cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) >= 1
        )

    def close(self) -> None:
        cv2.destroyAllWindows()


def _require_display() -> None:
    """Try it in another process: where there is no display, Qt ends the one that asks for it."""
    probe = subprocess.run([sys.executable, "-c", _PROBE], capture_output=True, timeout=30)
    if probe.returncode != 0:
        raise UsageError(
            "no window can be shown here: there is no display, or OpenCV was built without "
            "windows; add --headless (and --save DIR to get the pictures as files)"
        )
