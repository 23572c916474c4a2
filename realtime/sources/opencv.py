"""`OpenCVSource`: a camera of this machine, through OpenCV (V4L2 on Linux)."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

import numpy as np
from simplejpeg import decode_jpeg  # type: ignore[attr-defined]  # it re-exports silently

from calibration.opencv import cv2
from realtime.errors import SourceLost, SourceNotFound
from realtime.frame import Frame, Image, unix_us
from realtime.sources.cameras import list_cameras
from realtime.sources.contract import CameraRequest, Setting

_USB2_BYTES_PER_S = 24_000_000
"""More than this does not pass through USB 2; a camera asked for it gives a few pictures per second
instead, unless it is asked to compress them."""
_RAW_BYTES_PER_PIXEL = 2
_DEFAULT_SIZE_PX = (640, 480)
_DEFAULT_FPS = 30.0
_SETTINGS = {
    "width_px": cv2.CAP_PROP_FRAME_WIDTH,
    "height_px": cv2.CAP_PROP_FRAME_HEIGHT,
    "fps": cv2.CAP_PROP_FPS,
    "brightness": cv2.CAP_PROP_BRIGHTNESS,
    "contrast": cv2.CAP_PROP_CONTRAST,
    "saturation": cv2.CAP_PROP_SATURATION,
    "hue": cv2.CAP_PROP_HUE,
    "gain": cv2.CAP_PROP_GAIN,
    "gamma": cv2.CAP_PROP_GAMMA,
    "sharpness": cv2.CAP_PROP_SHARPNESS,
    "exposure": cv2.CAP_PROP_EXPOSURE,
    "auto_exposure": cv2.CAP_PROP_AUTO_EXPOSURE,
    "white_balance_k": cv2.CAP_PROP_WB_TEMPERATURE,
    "auto_white_balance": cv2.CAP_PROP_AUTO_WB,
    "backlight": cv2.CAP_PROP_BACKLIGHT,
    "focus": cv2.CAP_PROP_FOCUS,
    "auto_focus": cv2.CAP_PROP_AUTOFOCUS,
    "zoom": cv2.CAP_PROP_ZOOM,
}
_DAMAGED = "damaged pictures come from it, and are left out; check its cable and its port"
_DAMAGED_IN_A_ROW = 100
"""So many without a whole one between them are the end of it."""
_JPEG_END = b"\xff\xd9"
_UNKNOWN = -1.0
"""What OpenCV gives for a setting that the camera does not have."""


def open_camera(spec: str, request: CameraRequest) -> OpenCVSource:
    """The camera of an index or a device path. Raises `SourceNotFound`."""
    if not sys.platform.startswith("linux"):
        device = int(spec) if spec.isdecimal() else spec
        return OpenCVSource(cv2.VideoCapture(device), f"camera {spec}", request)
    device = _find_device(spec)
    known = {camera.path: camera.name for camera in list_cameras()}
    name = f"camera {spec} ({known.get(device, 'unnamed')}, {device})"
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    return OpenCVSource(cv2.VideoCapture(device, cv2.CAP_V4L2), name, request)


def _find_device(spec: str) -> str:
    """The device file that an index, a path or a by-id link stands for."""
    asked = Path(f"/dev/video{spec}" if spec.isdecimal() else spec)
    device = asked.resolve()
    if not device.exists():
        here = ", ".join(f"{camera.index} ({camera.name})" for camera in list_cameras())
        raise SourceNotFound(
            f"camera {spec}: there is no {asked}; connected are: {here or 'none'} "
            "(--list-cameras shows more)"
        )
    if not os.access(device, os.R_OK | os.W_OK):
        raise SourceNotFound(
            f"camera {spec}: this user may not open {device}; add the user to its group "
            "(sudo usermod -aG video $USER), then log in again"
        )
    return str(device)


class OpenCVSource:
    """A camera; the newest frame wins."""

    live = True

    def __init__(self, capture: cv2.VideoCapture, name: str, request: CameraRequest) -> None:
        """Takes over `capture`, also when it fails: `SourceNotFound` if no picture comes."""
        self.name = name
        self._capture = capture
        if not capture.isOpened():
            raise SourceNotFound(
                f"{name}: cannot be opened as a camera; either another program holds it, or it is "
                "a camera's second device, which gives no pictures (--list-cameras shows all)"
            )
        _ask(capture, request)
        self.notes: tuple[str, ...] = ()
        frames = self._frames()
        first = next(frames, None)
        if first is None:
            capture.release()
            raise SourceNotFound(
                f"{name}: opens but gives no picture; unplug it and plug it in again, into a port "
                "of its own, or ask for less (--size, --fps)"
            )
        self._pictures = chain([first], frames)
        # What comes out is what counts; some drivers confirm what they do not do.
        height, width, _ = first.image.shape
        self.fps = capture.get(cv2.CAP_PROP_FPS) or None
        self.settings: Mapping[str, Setting] = _read_back(capture)
        self.notes = (*request.differences((width, height), self.fps), *self.notes)

    def read(self) -> Frame:
        frame = next(self._pictures, None)
        if frame is None:
            raise SourceLost(f"{self.name}: gives no more pictures; is it unplugged?")
        return frame

    def close(self) -> None:
        self._capture.release()

    def _frames(self) -> Iterator[Frame]:
        start_ns, seq, damaged = time.monotonic_ns(), 0, 0
        while damaged < _DAMAGED_IN_A_ROW and (taken := self._take()) is not None:
            capture_ns, capture_unix_us, picture = taken
            image = _rgb(picture)
            if image is None:
                damaged += 1
                self.notes += () if _DAMAGED in self.notes else (_DAMAGED,)
                continue
            yield Frame(
                image=image,
                seq=seq,
                capture_ns=capture_ns,
                capture_unix_us=capture_unix_us,
                pts_us=(capture_ns - start_ns) // 1000,
            )
            seq, damaged = seq + 1, 0

    def _take(self) -> tuple[int, int, Image] | None:
        """The next picture as it comes, and when it came on both clocks; None: no more come."""
        try:
            # grab() returns with a new picture; what retrieve() then takes to decode it is ours.
            if not self._capture.grab():
                return None
            capture_ns, capture_unix_us = time.monotonic_ns(), unix_us()
            ok, picture = self._capture.retrieve()
        except cv2.error:  # the driver told OpenCV what cannot be
            return None
        return (capture_ns, capture_unix_us, np.asarray(picture, np.uint8)) if ok else None


def _rgb(picture: Image) -> Image | None:
    """Of OpenCV's BGR, uint8[H, W, 3], or of a JPEG's bytes, uint8[1, N], as uint8[H, W, 3] RGB;
    None: it is damaged."""
    if picture.ndim == 3:
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
    jpeg = picture.tobytes()
    if _JPEG_END not in jpeg:
        return None
    try:
        # Many cameras' JPEGs have bytes too many somewhere, which is no damage.
        return np.asarray(decode_jpeg(jpeg, "RGB", strict=False), np.uint8)
    except ValueError:
        return None


def _ask(capture: cv2.VideoCapture, request: CameraRequest) -> None:
    width, height = request.size_px or _DEFAULT_SIZE_PX
    fps = request.fps or _DEFAULT_FPS
    if width * height * _RAW_BYTES_PER_PIXEL * fps > _USB2_BYTES_PER_S:
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    if request.size_px is not None:
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
    if request.fps is not None:
        capture.set(cv2.CAP_PROP_FPS, fps)
    if capture.getBackendName() == "V4L2" and _fourcc(capture) == "MJPG":
        # Of half a JPEG OpenCV makes a whole picture, the rest of which is an older one's.
        capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)
    # A hint that few drivers follow; what keeps frames fresh is the thread that always reads.
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)


def _read_back(capture: cv2.VideoCapture) -> dict[str, Setting]:
    """The camera's settings, in the driver's units, as far as it tells them."""
    values = {name: capture.get(number) for name, number in _SETTINGS.items()}
    known: dict[str, Setting] = {k: value for k, value in values.items() if value != _UNKNOWN}
    known["pixels"] = _fourcc(capture)
    known["driver"] = capture.getBackendName()
    return known


def _fourcc(capture: cv2.VideoCapture) -> str:
    """How the camera stores pixels, by the four letters that stand for it."""
    code = int(capture.get(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF
    return code.to_bytes(4, "little").decode("ascii", "replace").strip("\0")
