"""This project in a benchmark: the loop as launch.py runs it, and its client."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration.profile import CameraProfile
from realtime.backends import Backend, open_backend
from realtime.bench.camera import SteadyCamera
from realtime.bench.task import Received, Task
from realtime.bundle import Bundle
from realtime.client import Client
from realtime.clock import ClockServer
from realtime.memory import use_one_heap
from realtime.pipeline import Pipeline
from realtime.publish import Output
from realtime.publisher import Publisher
from realtime.wire import Codec


@dataclass
class Identity:
    """A model that costs nothing, so that only the loop's own cost is left."""

    name: str = "identity"
    trial_ms: Mapping[str, float] | None = None

    def run(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """What came in."""
        return frame

    def close(self) -> None:
        """Nothing is held."""


class Loop:
    """See `realtime.bench.task.Sender`."""

    def __init__(self, task: Task, camera: SteadyCamera) -> None:
        use_one_heap()  # as launch.py does
        bundle = Bundle.load(Path(task.bundle))
        self._backend: Backend = Identity()
        if task.model == "bundle":
            self._backend = open_backend(task.backend, bundle)
        self._publisher = Publisher("tcp://127.0.0.1:0")
        self._clock = ClockServer(self._publisher.address)
        self._clock.start()
        self.address = self._publisher.address
        self._pipeline = Pipeline(
            open_source=lambda: camera,
            profile=CameraProfile(camera="bench"),
            bundle=bundle,
            backend=self._backend,
            publisher=self._publisher,
            output=Output(codec=Codec[task.codec.upper()], quality=task.quality),
            clock_address=self._clock.address,
            on_event=lambda line: print(line, file=sys.stderr),
        )

    def start(self) -> None:
        """Start the threads of the loop."""
        self._pipeline.start()

    def frames(self) -> int:
        """Published so far."""
        return self._pipeline.snapshot().published

    def forget(self) -> None:
        """The warm-up is over."""
        self._pipeline.forget_latency()

    def parts(self) -> dict[str, Any]:
        """The stages since `forget`."""
        now = self._pipeline.snapshot()
        return {"backend": now.backend, "stages_ms": now.latency_ms}

    def stop(self) -> dict[str, Any]:
        """The frames of the whole trial, warm-up included."""
        self._pipeline.stop()
        last = self._pipeline.snapshot()
        counts = {"captured": last.captured, "published": last.published, "dropped": last.dropped}
        return {"frames": counts}

    def close(self) -> None:
        """Give everything back."""
        self._clock.close()
        self._publisher.close()
        self._backend.close()


class Viewer:
    """See `realtime.bench.task.Receiver`."""

    def __init__(self, task: Task) -> None:
        self._client = Client(task.address)

    def read(self) -> Received | None:
        """The newest picture and its time, which our header carries."""
        received = self._client.read_image(0.1)
        if received is None:
            return None
        packet, image = received
        return Received(image=image, capture_us=packet.header.capture_us)

    def close(self) -> None:
        """Leave."""
        self._client.close()
