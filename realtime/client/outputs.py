"""`Output`: where received pictures go besides the window; and the plainest one, a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from calibration.opencv import cv2
from realtime.errors import UsageError
from realtime.frame import Image
from realtime.wire import Packet


class Output(Protocol):
    """Takes pictures from one thread until it is closed."""

    name: str
    """For people."""
    taken: int
    """Pictures that were taken."""
    dropped: int
    """Pictures that were not, because it was still busy with those before them."""

    def put(self, packet: Packet, image: Image) -> bool:
        """Take `image`, uint8[h, w, 3] RGB, soon. False: it was busy, and the picture is dropped.

        Raises `UsageError` when it cannot take any more.
        """

    def close(self) -> str | None:
        """Finish what was taken; what became of it, in words, if there is anything to say.

        Raises `UsageError` when that fails.
        """


class PictureFolder:
    """Writes avatar_000001.png, ... one after the other; it is never busy, it takes its time."""

    def __init__(self, folder: Path) -> None:
        """Raises `UsageError` where no folder can be."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"cannot write to the folder {folder}: {error.strerror}") from error
        self.name = folder.name
        self.taken = self.dropped = 0
        self._folder = folder

    def put(self, packet: Packet, image: Image) -> bool:
        path = self._folder / f"avatar_{self.taken + 1:06d}.png"
        bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
        # Level 1: a tenth of the default's time, for files a little larger.
        if not cv2.imwrite(str(path), bgr, [cv2.IMWRITE_PNG_COMPRESSION, 1]):
            raise UsageError(f"cannot write {path}; is the disk full, or the folder not writable?")
        self.taken += 1
        return True

    def close(self) -> str | None:
        return None
