"""`ViewEditor`: a view that keys and the mouse change; and the window that it is edited in."""

from __future__ import annotations

from typing import Literal, cast

from calibration.drawing import captioned
from calibration.errors import ProfileError
from calibration.images import Image, size_of
from calibration.maps import crop_px
from calibration.opencv import cv2
from calibration.profile import Intrinsics, Size, View
from calibration.view.preview import HEIGHT_PX, preview, to_height
from calibration.window import ENTER, ESCAPE, Window

HELP = "drag a crop | w a s d move | + - size | r turn | f mirror | u undistort | 0 reset"
_SMALLEST_PX = 16


class ViewEditor:
    """The crop always has the model's shape and lies inside the picture."""

    def __init__(self, view: View, size_px: Size, model_size_px: Size) -> None:
        self._size_px, self._model_size_px = size_px, model_size_px
        self.view = view

    def key(self, key: str) -> None:
        """Do what the key says; others do nothing."""
        x, y, width, height = crop_px(self.view, self._size_px)
        step = max(1, width // 32)
        if key in "wasd":
            dx, dy = {"w": (0, -step), "a": (-step, 0), "s": (0, step), "d": (step, 0)}[key]
            self._crop(x + dx, y + dy, width)
        elif key in "+=-":
            larger = width + (2 * step if key in "+=" else -2 * step)
            self._crop(x + (width - larger) // 2, y + (height - self._height(larger)) // 2, larger)
        elif key == "r":
            turned = cast(Literal[0, 90, 180, 270], (self.view.rotation_deg + 90) % 360)
            self.view = self.view.model_copy(update={"rotation_deg": turned})
            self._crop(x, y, height)
        elif key in "fu":
            field = {"f": "flip", "u": "undistort"}[key]
            self.view = self.view.model_copy(update={field: not getattr(self.view, field)})
        elif key == "0":
            self.view = View(size_px=self._size_px)

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """A crop from corner to corner, brought to the model's shape; a mere click does nothing."""
        left, top = min(start[0], end[0]), min(start[1], end[1])
        width, height = abs(start[0] - end[0]), abs(start[1] - end[1])
        if max(width, height) >= _SMALLEST_PX:
            self._crop(left, top, max(width, round(height * self._aspect)))

    @property
    def _aspect(self) -> float:
        """Of the crop, width / height: the model's, turned with the view."""
        width, height = self._model_size_px
        return height / width if self.view.rotation_deg in (90, 270) else width / height

    def _height(self, width: int) -> int:
        return max(1, round(width / self._aspect))

    def _crop(self, x: int, y: int, width: int) -> None:
        widest = min(self._size_px[0], int(self._size_px[1] * self._aspect))
        width = min(max(width, _SMALLEST_PX), widest)
        height = min(self._height(width), self._size_px[1])
        x = min(max(x, 0), self._size_px[0] - width)
        y = min(max(y, 0), self._size_px[1] - height)
        self.view = self.view.model_copy(update={"roi_px": (x, y, width, height)})


def edit(
    image: Image, view: View, intrinsics: Intrinsics | None, model_size_px: Size
) -> View | None:
    """The view that the user chose in a window; None: leave it as it was. Raises `NoDisplay`."""
    editor = ViewEditor(view, size_of(image), model_size_px)
    with Window("calibration: view", "say it in numbers: --roi X Y W H --rotation 90") as window:
        start: list[tuple[int, int]] = []

        def on_mouse(event: int, x: int, y: int) -> None:
            scale = image.shape[0] / HEIGHT_PX
            place = (int(x * scale), int(y * scale))
            if event == cv2.EVENT_LBUTTONDOWN:
                start[:] = [place]
            elif event == cv2.EVENT_LBUTTONUP and start:
                editor.drag(start.pop(), place)

        window.on_mouse(on_mouse)
        while True:
            try:
                shown = preview(image, editor.view, intrinsics, model_size_px)
                lines = [HELP, "Enter: save | Esc: leave all as it was"]
            except ProfileError as error:
                shown, lines = to_height(image), [str(error)]
            window.show(captioned(shown, lines))
            key = window.key(50)
            if key in (ENTER, ESCAPE):
                return editor.view if key == ENTER else None
            if key is not None:
                editor.key(chr(key))
