"""`VirtualCamera`: the pictures as a camera of this machine, for programs that know only cameras.

It needs two things that the base install does not have: pyvirtualcam (GPL, so it is never imported
unless asked for), and a virtual camera of the system for it to feed.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

from realtime.errors import UsageError
from realtime.fit import fit
from realtime.frame import Image
from realtime.wire import Packet

SIZE_PX = (1280, 720)
"""What every program that takes cameras accepts; the avatar stands in its middle, on black."""
FPS = 30
"""What the camera says of itself. A picture is handed on when it comes, at whatever rate."""

_CURES = {
    "linux": "install v4l2loopback-dkms, then: sudo modprobe v4l2loopback exclusive_caps=1",
    "darwin": "install OBS (obsproject.com), and start and stop its virtual camera once",
    "win32": "install OBS (obsproject.com), which brings one",
}


class VirtualCamera:
    """An `Output`."""

    def __init__(self, device: str | None) -> None:
        """`device`: /dev/video9, or a name on other systems; None takes the first one.

        Raises `UsageError` where there is no pyvirtualcam, or no virtual camera.
        """
        self._camera = _open(device)
        self.name = str(self._camera.device)
        self.taken = self.dropped = 0

    def put(self, packet: Packet, image: Image) -> bool:
        try:
            self._camera.send(fit(image, SIZE_PX))
        except (RuntimeError, OSError) as error:
            raise UsageError(f"the virtual camera {self.name} failed: {_flat(error)}") from error
        self.taken += 1
        return True

    def close(self) -> str | None:
        self._camera.close()
        return None


def _open(device: str | None) -> Any:
    try:
        pyvirtualcam = importlib.import_module("pyvirtualcam")
    except ModuleNotFoundError as error:
        raise UsageError(
            "--virtual-camera needs pyvirtualcam, which is not installed: pip install pyvirtualcam"
        ) from error
    except ImportError as error:
        raise UsageError(f"--virtual-camera: pyvirtualcam cannot be loaded: {error}") from error
    try:
        return pyvirtualcam.Camera(*SIZE_PX, FPS, device=device)
    except (RuntimeError, OSError) as error:
        asked = "no virtual camera here" if device is None else f"no virtual camera {device}"
        cure = _CURES.get(sys.platform, "see pyvirtualcam's documentation")
        raise UsageError(f"{asked} ({_flat(error)}); {cure}") from error


def _flat(error: Exception) -> str:
    """Its words in one line; pyvirtualcam gives one for each of its backends."""
    return " ".join(str(error).split()).rstrip(".")
