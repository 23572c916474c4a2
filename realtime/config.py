"""`LaunchConfig`: what `python launch.py` can be asked for, and which of it makes sense."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import arg

from realtime.address import parse_address
from realtime.backends import BackendName
from realtime.errors import UsageError
from realtime.keys import KeyFolder
from realtime.sources import CameraRequest, Pace
from realtime.topic import check_stream
from realtime.web import parse_web_address
from realtime.wire import Codec, Form

DEMO_BUNDLE = Path(__file__).resolve().parent.parent / "models" / "demo"

_SIZE = re.compile(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})")


def _shown(metavar: str, default: str) -> object:
    """How --help shows a value, and what it says of leaving it out."""
    return arg(metavar=metavar, help_behavior_hint=f"({default})")


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchConfig:
    """The docstrings of the fields are the text of --help."""

    camera: Annotated[str, _shown("SOURCE", "required")] = ""
    """A camera's index (0) or path (/dev/video2,
    /dev/v4l/by-id/...), a video file, a recorded session, an
    rtsp:// or http:// address, or demo: the clip that ships."""
    list_cameras: Annotated[bool, arg(help_behavior_hint="")] = False
    """Print the cameras of this machine, and end."""

    bundle: Annotated[Path, _shown("FOLDER", "default: models/demo, which ships")] = DEMO_BUNDLE
    """The model: a folder that `python -m export` wrote."""
    backend: BackendName = "auto"
    """What computes the model. auto: TensorRT where it works, else
    the fastest on this CPU, by a short trial."""
    profile: Annotated[Path | None, _shown("FILE", "default: the session's or bundle's own")] = None
    """The camera's profile: crop, rotation, ..."""
    record: Annotated[Path | None, _shown("FOLDER", "default: none")] = None
    """Record what the camera gives into this new folder, without
    loss; --camera FOLDER plays it again."""
    no_model: Annotated[bool, arg(help_behavior_hint="")] = False
    """With --record: record only; no avatar, no stream."""

    size: Annotated[str | None, _shown("WxH", "default: the camera's")] = None
    """Ask the camera for pictures of this size, such as 640x480."""
    fps: Annotated[float | None, _shown("RATE", "default: the camera's")] = None
    """Ask the camera for so many pictures per second."""
    pace: Pace = "wait"
    """How a video file or session is played.
    wait: at its own rate; a slow model slows it down.
    realtime: as a camera would; late frames are dropped.
    free: as fast as the model goes."""

    bind: Annotated[str, arg(metavar="ADDRESS")] = "tcp://127.0.0.1:5555"
    """Where viewers connect to; port 0 takes a free one."""
    insecure: Annotated[bool, arg(help_behavior_hint="")] = False
    """Allow an address that other machines reach, unencrypted."""
    curve: Annotated[tuple[Path, ...] | None, _shown("[KEYS]", "default: none")] = None
    """Encrypt, and let in only the clients that
    `python -m realtime.keys new NAME` made keys for."""
    stream: Annotated[str, arg(metavar="NAME")] = "main"
    """The stream's name; viewers subscribe to avatar/NAME."""
    codec: Literal["auto", "raw", "jpeg", "h264"] = "auto"
    """raw is exact, the quickest and the largest; auto: raw where
    only this machine can connect, jpeg where others can.
    h264 takes the least of the network; not every viewer
    has it (the page and realtime.client do)."""
    quality: Annotated[int, arg(metavar="1..100")] = 90
    """Of JPEG."""
    wire: Form = "multipart"
    """single: one part a message, for viewers with ZMQ_CONFLATE."""

    web: Annotated[str | None, _shown("[HOST:]PORT", "default: none")] = None
    """Serve a page for browsers and headsets too, such as 8443:
    for this machine; 0.0.0.0:8443: for others, with --web-cert."""
    web_cert: Annotated[Path | None, _shown("FOLDER", "default: none, so plain http")] = None
    """Certificates for the page's https; they are made by
    `python -m realtime.web certificate FOLDER`."""

    view: Annotated[bool, arg(help_behavior_hint="")] = False
    """A window here: the camera's view beside the avatar."""

    metrics: Annotated[int | None, _shown("PORT", "default: none")] = None
    """Serve /healthz and, for Prometheus, /metrics on this
    machine; port 0 takes a free one."""
    log_json: Annotated[bool, arg(help_behavior_hint="")] = False
    """Say everything as one JSON object a line."""

    start_limit: Annotated[float, arg(metavar="SECONDS")] = 300.0
    """Give up if the model is not open by then. TensorRT builds
    its engine in the first start, which may take minutes."""
    duration: Annotated[float | None, _shown("SECONDS", "default: no limit")] = None
    """End after this long, counted from when the model is ready."""
    frames: Annotated[int | None, _shown("COUNT", "default: no limit")] = None
    """End after so many published frames."""
    report: Annotated[Path | None, _shown("FILE", "default: none")] = None
    """Write the figures of the run to this JSON file at its end."""

    def __post_init__(self) -> None:
        if not self.camera and not self.list_cameras:
            raise UsageError(
                "no camera: say --camera 0, a path, a video file or an address; --camera demo "
                "needs none, --list-cameras shows what is here"
            )
        if self.size is not None and not _SIZE.fullmatch(self.size):
            raise UsageError(f"--size {self.size}: give width x height in pixels, such as 640x480")
        for name in ("fps", "duration", "frames", "start_limit"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                option = name.replace("_", "-")
                raise UsageError(f"--{option} {value:g}: give a number above 0, or leave it out")
        if not 1 <= self.quality <= 100:
            raise UsageError(f"--quality {self.quality}: give 1 (small) to 100 (good)")
        if self.no_model and self.record is None:
            raise UsageError("--no-model leaves nothing to do without --record FOLDER: add it")
        if self.no_model and (self.view or self.web is not None or self.report is not None):
            raise UsageError(
                "--no-model has no stream for --view, --web or --report: leave them out"
            )
        if self.curve is not None and len(self.curve) > 1:
            raise UsageError(f"--curve {' '.join(map(str, self.curve))}: give one folder of keys")
        if self.metrics is not None and not 0 <= self.metrics <= 65535:
            raise UsageError(f"--metrics {self.metrics}: give a port, 0 to 65535")
        check_stream(self.stream)
        if self.web is not None:
            parse_web_address(self.web)
        elif self.web_cert is not None:
            raise UsageError(f"--web-cert {self.web_cert} is for --web: add --web 0.0.0.0:8443")

    @property
    def request(self) -> CameraRequest:
        """What the camera is asked for."""
        match = _SIZE.fullmatch(self.size or "")
        size_px = (int(match[1]), int(match[2])) if match else None
        return CameraRequest(size_px=size_px, fps=self.fps)

    @property
    def keys(self) -> KeyFolder | None:
        """Who may watch; None: everybody who reaches the address."""
        if self.curve is None:
            return None
        return KeyFolder(self.curve[0]) if self.curve else KeyFolder.default()

    @property
    def wire_codec(self) -> Codec:
        """`codec`, as the wire numbers it. Raises `AddressError` where `bind` is no address."""
        if self.codec != "auto":
            return Codec[self.codec.upper()]
        addresses = [parse_address(self.bind)]
        if self.web is not None:
            addresses.append(parse_web_address(self.web))
        return Codec.RAW if all(address.loopback for address in addresses) else Codec.JPEG
