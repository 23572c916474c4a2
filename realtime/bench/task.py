"""`Task`: what the two processes of a trial are told; `Sender`, `Receiver`: what they run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

from realtime.backends import BackendName
from realtime.frame import Image

PictureCodec = Literal["raw", "jpeg"]
System = Literal["headset-avatar", "imagezmq-opencv", "imagezmq", "netgear"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Everything is plain, so that it travels as JSON."""

    system: System
    model: Literal["identity", "bundle"]
    bundle: str
    """Its folder; the pictures are of the size of its input."""
    backend: BackendName
    rate_fps: float | None
    """The camera's; None is as fast as it goes."""
    client_ms: float
    """What the client takes for each picture."""
    codec: PictureCodec
    """What the pictures travel as."""
    quality: int
    """Of JPEG."""
    epoch_us: int
    """When picture 0 was taken: microseconds since 1970."""
    address: str = ""
    """Where the sender is; empty: it chooses and tells."""


class Received(NamedTuple):
    """A picture at the client, decoded."""

    image: Image
    """uint8[h, w, 3] RGB."""
    capture_us: int | None
    """When it was taken, if the protocol says so; else the number in the picture does."""


class Sender(Protocol):
    """Sends the camera's pictures from a thread of its own."""

    address: str

    def start(self) -> None:
        """Send from now on."""

    def frames(self) -> int:
        """Sent so far."""

    def forget(self) -> None:
        """The warm-up is over: figures of parts begin here."""

    def parts(self) -> dict[str, Any]:
        """What computes the model, and figures of parts since `forget`, if it has any."""

    def stop(self) -> dict[str, Any]:
        """Send nothing any more; what became of all frames, if it knows."""

    def close(self) -> None:
        """Give everything back."""


class Receiver(Protocol):
    """Gets the pictures."""

    def read(self) -> Received | None:
        """The next picture to show; None: none came for a while."""

    def close(self) -> None:
        """Leave."""
