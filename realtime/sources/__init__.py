"""Where frames come from: `open_source` turns what the user wrote into an open `Source`.

contract.py   what every source is
opencv.py     a camera of this machine          cameras.py   which there are
stream.py     a network camera: RTSP, HTTP      url.py       its address, without secrets
file.py       a video file, the demo clip       video.py     decoding, for both
session.py    a recorded session                pace.py      when a recorded picture is due
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from realtime.errors import SourceNotFound, UsageError
from realtime.health import start_thread
from realtime.sessions.format import is_session
from realtime.sources.cameras import CameraInfo, list_cameras
from realtime.sources.contract import AS_IT_COMES, OPEN_LIMIT_S, CameraRequest, Pace, Source
from realtime.sources.file import open_demo, open_file
from realtime.sources.opencv import open_camera
from realtime.sources.stream import open_url
from realtime.sources.url import SCHEMES, redacted

__all__ = ["CameraInfo", "CameraRequest", "Pace", "Source", "list_cameras", "open_source"]


def open_source(spec: str, request: CameraRequest = AS_IT_COMES, pace: Pace = "wait") -> Source:
    """Open what `spec` names, and see a first picture of it.

    spec: a camera's index ("0") or device path ("/dev/video2", "/dev/v4l/by-id/..."), an rtsp(s)://
    or http(s):// address, "demo" for the clip that ships, a recorded session's folder, or else a
    video file ("./0", "./demo"). pace: of files and sessions only. Raises `SourceNotFound`, within
    10 s.
    """
    name, opener = _opener(spec, request, pace)
    return _within(OPEN_LIMIT_S, opener, name)


def _opener(spec: str, request: CameraRequest, pace: Pace) -> tuple[str, Callable[[], Source]]:
    if spec == "demo":
        return spec, open_demo
    if spec.isdecimal() or (spec.startswith("/dev/") and not Path(spec).is_file()):
        return f"camera {spec}", lambda: open_camera(spec, request)
    if "://" in spec:
        if spec.partition("://")[0] not in SCHEMES:
            raise UsageError(
                f"{redacted(spec)}: an address must begin with {'://, '.join(SCHEMES)}://"
            )
        return redacted(spec), lambda: open_url(spec, request, pace)
    if is_session(Path(spec)):
        # Not above: sessions are decoded by video.py, so each package would wait for the other.
        from realtime.sources.session import open_session

        return spec, lambda: open_session(Path(spec), request, pace)
    return spec, lambda: open_file(Path(spec), request, pace)


def _within(limit_s: float, opener: Callable[[], Source], name: str) -> Source:
    """Open in a thread of its own: a driver or a name server can keep a call for minutes."""
    opened: Future[Source] = Future()

    def work() -> None:
        try:
            source = opener()
        except BaseException as error:
            if opened.set_running_or_notify_cancel():
                opened.set_exception(error)
        else:
            if opened.set_running_or_notify_cancel():
                opened.set_result(source)
            else:
                source.close()

    start_thread(threading.Thread(target=work, name="open source", daemon=True))
    try:
        return opened.result(limit_s)
    except TimeoutError:
        if not opened.cancel():
            return opened.result()
        raise SourceNotFound(
            f"{name}: no answer within {limit_s:g} s; check that it is connected, and try again"
        ) from None
