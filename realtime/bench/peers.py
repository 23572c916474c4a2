"""imagezmq and vidgear's NetGear in a benchmark, as the introduction of each shows it.

PUB/SUB for both: the pattern in which a sender waits for nobody, as ours. imagezmq sends pictures
as they are, as ours does on one machine, and leaves JPEG to its user: once it gets OpenCV's, as in
its own examples, and once the same encoder and settings as ours. NetGear does its own, 4:2:2.
"""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from simplejpeg import decode_jpeg, encode_jpeg  # type: ignore[attr-defined]

from calibration.opencv import cv2
from realtime.bench.camera import SteadyCamera
from realtime.bench.task import Received, System, Task
from realtime.frame import Image

MODULES: dict[System, str] = {
    "imagezmq-opencv": "imagezmq",
    "imagezmq": "imagezmq",
    "netgear": "vidgear",
}


def missing(system: System) -> bool:
    """It is not installed."""
    return importlib.util.find_spec(MODULES[system]) is None


class PeerSender:
    """A loop that reads a picture and sends it. See `realtime.bench.task.Sender`."""

    def __init__(self, task: Task, camera: SteadyCamera) -> None:
        self.address = task.address
        open_peer = _netgear_sender if task.system == "netgear" else _imagezmq_sender
        self._send, self._close = open_peer(task)
        self._camera = camera
        self._sent = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="send", daemon=True)

    def start(self) -> None:
        """Send from now on."""
        self._thread.start()

    def frames(self) -> int:
        """Sent so far."""
        return self._sent

    def forget(self) -> None:
        """Nothing to forget."""

    def parts(self) -> dict[str, Any]:
        """It has none."""
        return {"backend": "identity"}

    def stop(self) -> dict[str, Any]:
        """It does not count what is lost."""
        self._stopping.set()
        self._thread.join()
        return {}

    def close(self) -> None:
        """Give everything back."""
        self._close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._send(self._camera.read().image)
            self._sent += 1


class PeerReceiver:
    """See `realtime.bench.task.Receiver`."""

    def __init__(self, task: Task) -> None:
        open_peer = _netgear_receiver if task.system == "netgear" else _imagezmq_receiver
        self._read, self._close = open_peer(task)

    def read(self) -> Received:
        """The next picture; it waits for ever, as they do."""
        return Received(image=self._read(), capture_us=None)

    def close(self) -> None:
        """Leave."""
        self._close()


def _imagezmq_sender(task: Task) -> tuple[Callable[[Image], object], Callable[[], object]]:
    import imagezmq

    sender = imagezmq.ImageSender(connect_to=task.address, REQ_REP=False)
    close = partial(sender.zmq_context.destroy, linger=0)
    if task.codec == "raw":
        return partial(sender.send_image, "bench"), close
    quality = [cv2.IMWRITE_JPEG_QUALITY, task.quality]

    def encoded(image: Image) -> Any:
        if task.system == "imagezmq":
            return encode_jpeg(image, task.quality, "RGB", "420")
        # As if it were BGR, which OpenCV's cameras give: its users have nothing to swap.
        return cv2.imencode(".jpg", image, quality)[1]

    def send(image: Image) -> None:
        sender.send_jpg("bench", encoded(image))

    return send, close


def _imagezmq_receiver(task: Task) -> tuple[Callable[[], Image], Callable[[], object]]:
    import imagezmq

    hub = imagezmq.ImageHub(open_port=task.address, REQ_REP=False)

    def read() -> Image:
        if task.codec == "raw":
            return np.asarray(hub.recv_image()[1])
        payload = hub.recv_jpg()[1]
        if task.system == "imagezmq":
            image: Image = decode_jpeg(payload, "RGB")
            return image
        return np.asarray(cv2.imdecode(np.frombuffer(payload, np.uint8), cv2.IMREAD_COLOR))

    return read, lambda: hub.zmq_context.destroy(linger=0)


def _netgear_sender(task: Task) -> tuple[Callable[[Image], object], Callable[[], object]]:
    gear = _netgear(task, receive_mode=False)
    return gear.send, gear.close


def _netgear_receiver(task: Task) -> tuple[Callable[[], Image], Callable[[], object]]:
    gear = _netgear(task, receive_mode=True)
    return gear.recv, gear.close


def _netgear(task: Task, receive_mode: bool) -> Any:
    from vidgear.gears import NetGear

    host, _, port = task.address.removeprefix("tcp://").rpartition(":")
    options: dict[str, Any] = {
        "jpeg_compression": "RGB",  # the order of the colours; BGR is its default
        "jpeg_compression_quality": task.quality,
    }
    return NetGear(
        address=host, port=port, protocol="tcp", pattern=2, receive_mode=receive_mode, **options
    )
