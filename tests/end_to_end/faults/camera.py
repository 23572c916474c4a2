"""`FaultyCamera`: the soak's HTTP camera, with the time and marks in its pictures."""

from __future__ import annotations

import simplejpeg

from realtime.soak.camera import SoakCamera
from tests.pictures import clock_number, draw_number

SIZE_PX, LARGE_PX = (64, 64), (96, 96)  # square, as the model: the view would crop others


class FaultyCamera(SoakCamera):
    """`read_number` of a picture is when it was drawn (ms), but for the lowest bit: `marked`.

    The lowest bit is a block in the upper left corner, which the models of `models.py` look at.
    """

    def __init__(self, fps: float = 30.0) -> None:
        self.marked = False
        self.huge_px: tuple[int, int] | None = None
        self._frozen_at: int | None = None
        super().__init__(fps, SIZE_PX)

    def jpeg(self, number: int) -> bytes:
        now = clock_number() & ~1 | self.marked
        if self.behaviour == "frozen":
            now = self._frozen_at = self._frozen_at or now
        else:
            self._frozen_at = None
        size_px = self.huge_px or (LARGE_PX if self.behaviour == "large" else SIZE_PX)
        jpeg: bytes = simplejpeg.encode_jpeg(draw_number(now, size_px), quality=95)
        return jpeg[: len(jpeg) // 2] if self.behaviour == "half" else jpeg
