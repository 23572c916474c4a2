"""Which cameras are connected: `list_cameras`."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from calibration.opencv import cv2

SYSFS = Path("/sys/class/video4linux")
BY_ID = Path("/dev/v4l/by-id")
_PROBED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraInfo:
    """One video device of this machine."""

    index: int
    """What `--camera` takes; it can change when something is plugged in or the machine restarts."""
    path: str | None
    """The device, such as /dev/video0; None where the system has no such thing."""
    by_id: str | None
    """A path that stays with the device; None where the system gives none."""
    name: str
    """What the driver calls it."""


def list_cameras() -> list[CameraInfo]:
    """The video devices, by index.

    On Linux a camera often has two, the second of which ("...-video-index1") gives no pictures.
    Elsewhere the first few indices are tried, which switches cameras on for a moment.
    """
    if not sys.platform.startswith("linux"):
        return [
            CameraInfo(index=index, path=None, by_id=None, name="a camera")
            for index in range(_PROBED)
            if _opens(index)
        ]
    links = sorted(BY_ID.iterdir(), reverse=True) if BY_ID.is_dir() else []
    by_id = {str(link.resolve()): str(link) for link in links}
    cameras = [
        CameraInfo(
            index=int(device.name.removeprefix("video")),
            path=f"/dev/{device.name}",
            by_id=by_id.get(f"/dev/{device.name}"),
            name=(device / "name").read_text().strip(),
        )
        for device in SYSFS.glob("video*")
        if re.fullmatch(r"video\d+", device.name)
    ]
    return sorted(cameras, key=lambda camera: camera.index)


def _opens(index: int) -> bool:
    capture = cv2.VideoCapture(index)
    try:
        return capture.isOpened()
    finally:
        capture.release()
