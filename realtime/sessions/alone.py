"""`record_alone`: a recording without a model, for a machine or a user that has none yet."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from calibration.profile import CameraProfile, ProfileError
from realtime.capture import CaptureThread
from realtime.config import LaunchConfig
from realtime.errors import SessionError
from realtime.frame import Frame
from realtime.mailbox import Closed, Mailbox
from realtime.sessions.recorder import Recorder
from realtime.sources import open_source
from realtime.status import format_recording

_TURN_S = 0.1
_FIGURES_PERIOD_S = 5.0


def record_alone(
    config: LaunchConfig,
    recorder: Recorder,
    profile: CameraProfile | None,
    on_event: Callable[[str], None],
    stop_asked: threading.Event,
) -> None:
    """Record until the source ends, `stop_asked`, --duration or --frames; close the recorder.

    Raises the source's error, or `SessionError` where the recording failed: there is no stream that
    could go on. A profile that does not fit is said, and kept as it is.
    """
    inbox: Mailbox[Frame] = Mailbox()
    capture = CaptureThread(
        lambda: open_source(config.camera, config.request, config.pace),
        inbox,
        on_event,
        recorder.offer,
    )
    capture.start()
    ended = "failed"
    try:
        ended = _follow(config, inbox, recorder, profile, on_event, stop_asked)
    finally:
        capture.stop()
        inbox.close()
        capture.join(1.0)
        recorder.close(ended)
    now = recorder.snapshot()
    if now.state == "failed":
        raise SessionError(f"{now.folder}: {now.frames} pictures are recorded, then it failed")
    on_event(format_recording(now))


def _follow(
    config: LaunchConfig,
    inbox: Mailbox[Frame],
    recorder: Recorder,
    profile: CameraProfile | None,
    on_event: Callable[[str], None],
    stop_asked: threading.Event,
) -> str:
    """Until it ends; why it did."""
    started_s = told_s = time.monotonic()
    first = True
    while recorder.snapshot().state != "failed":
        if stop_asked.is_set():
            return "stopped by a signal"
        if config.duration is not None and time.monotonic() - started_s >= config.duration:
            return "--duration was over"
        if config.frames is not None and recorder.snapshot().frames >= config.frames:
            return "--frames were recorded"
        try:
            frame = inbox.get(_TURN_S)
        except Closed:
            return "the source ended"
        if frame is not None and first:
            first = False
            _check_profile(profile, frame, on_event)
        if time.monotonic() - told_s >= _FIGURES_PERIOD_S:
            told_s = time.monotonic()
            on_event(f"{recorder.snapshot().frames} frames recorded")
    return "failed"


def _check_profile(
    profile: CameraProfile | None, frame: Frame, on_event: Callable[[str], None]
) -> None:
    """Say now what would be in the way later, when the session is used."""
    if profile is None:
        return
    height, width, _ = frame.image.shape
    try:
        _, note = profile.for_size((width, height))
    except ProfileError as error:
        note = f"{error}; it is recorded all the same"
    if note is not None:
        on_event(note)
