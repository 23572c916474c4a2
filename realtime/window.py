"""A window with a picture, figures over it, and the keys that a viewer needs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from calibration.opencv import cv2
from realtime.errors import UsageError
from realtime.fit import fit
from realtime.frame import Image
from realtime.overlay import draw_alert, draw_panel

# Not through calibration.opencv: the child does not know where the parent found this package.
_PROBE = "import cv2; cv2.namedWindow('probe')"
_PROBE_LIMIT_S = 30
_USUAL_PX = 512
_LARGEST_PX = (1600, 900)
_ESCAPE = 27


class Window:
    """Shows pictures; for the main thread. h shows and hides the figures, q and Esc close it."""

    def __init__(self, title: str, scale: float | None = None) -> None:
        """`scale`: pixels of the window for one of the picture; None chooses a size that fits.

        Raises `UsageError` where no window can be shown.
        """
        _require_display()
        self._title, self._scale = title, scale
        self._picture_size_px = (0, 0)
        self.figures_shown = True
        flags = cv2.WINDOW_NORMAL | cv2.WINDOW_FREERATIO | cv2.WINDOW_GUI_NORMAL
        cv2.namedWindow(title, flags)

    def show(self, image: Image, lines: Sequence[str], alert: str | None = None) -> None:
        """Show `image`, uint8[h, w, 3] RGB, as large as the window allows, with `lines` over it.

        `alert` is shown even while the figures are hidden.
        """
        size_px = (image.shape[1], image.shape[0])
        if size_px != self._picture_size_px:
            self._picture_size_px = size_px
            cv2.resizeWindow(self._title, *first_size(size_px, self._scale))
        # Drawn at the window's own size, so that the letters are sharp whatever the picture's is.
        _, _, width, height = cv2.getWindowImageRect(self._title)
        if width < 1 or height < 1:  # it is minimised, or not there yet
            width, height = first_size(size_px, self._scale)
        canvas = compose(image, (width, height), lines if self.figures_shown else (), alert)
        cv2.imshow(self._title, canvas)

    def pump(self) -> bool:
        """Let the window live; False once the user pressed q or Esc, or closed it."""
        key = cv2.waitKey(1) & 0xFF
        if key == ord("h"):
            self.figures_shown = not self.figures_shown
        return key not in (ord("q"), _ESCAPE) and (
            cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) >= 1
        )

    def close(self) -> None:
        """Take it from the screen; also if the user has done so already."""
        cv2.destroyAllWindows()
        cv2.waitKey(1)


def first_size(picture_size_px: tuple[int, int], scale: float | None) -> tuple[int, int]:
    """Width and height of a window for such a picture.

    Without a scale: a small picture a whole number of times, a large one so that it fits a screen.
    """
    width, height = picture_size_px
    if scale is None:
        enlarged = max(1, _USUAL_PX // min(width, height))
        scale = min(enlarged, _LARGEST_PX[0] / width, _LARGEST_PX[1] / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def compose(
    image: Image, size_px: tuple[int, int], lines: Sequence[str] = (), alert: str | None = None
) -> Image:
    """`image`, uint8[h, w, 3] RGB, fitted into black of `size_px` (width, height) with words over
    it: uint8[height, width, 3] BGR, as OpenCV shows and writes it."""
    canvas = fit(image[..., ::-1], size_px)
    draw_panel(canvas, lines)
    if alert is not None:
        draw_alert(canvas, alert)
    return canvas


def _require_display() -> None:
    """Try it in another process: where there is no display, Qt ends the one that asks for it."""
    command = [sys.executable, "-c", _PROBE]
    try:
        probe = subprocess.run(command, capture_output=True, timeout=_PROBE_LIMIT_S)
        shown = probe.returncode == 0
    except subprocess.TimeoutExpired:  # a display of another machine that does not answer
        shown = False
    if not shown:
        raise UsageError(
            "no window can be shown here: there is no display, or OpenCV was built without windows"
        )
