"""What launch.py opens beside the loop when asked to: recorder, page, metrics, preview."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

from calibration.profile import CameraProfile
from realtime.config import LaunchConfig
from realtime.errors import UsageError
from realtime.metrics import MetricsServer
from realtime.preview import Preview
from realtime.publisher import Publisher
from realtime.sessions.format import is_session
from realtime.sessions.reader import read_about
from realtime.sessions.recorder import Recorder
from realtime.status import StatusLine
from realtime.web import open_web


def own_profile(config: LaunchConfig) -> CameraProfile | None:
    """The profile that was asked for, or the one that a session was recorded with."""
    if config.profile is not None:
        return CameraProfile.load(config.profile)
    folder = Path(config.camera)
    return read_about(folder).profile if is_session(folder) else None


def open_recorder(
    config: LaunchConfig,
    profile: CameraProfile | None,
    bundle: str | None,
    status: StatusLine,
    opened: ExitStack,
) -> Recorder | None:
    """The recorder of --record, until `opened` is closed; None if there is nothing to record."""
    if config.record is None:
        return None
    recorder = Recorder(
        config.record,
        request=config.request,
        profile=profile,
        bundle=bundle,
        on_event=status.say,
    )
    opened.callback(recorder.close, "the program failed")
    return recorder


def serve_page(
    address: str, config: LaunchConfig, publisher: Publisher, status: StatusLine, opened: ExitStack
) -> str:
    """Serve browsers there what `publisher` sends, until `opened` is closed; how to watch."""
    web = open_web(
        address,
        stream=config.stream,
        certificates=config.web_cert,
        insecure=config.insecure,
        on_event=status.say,
    )
    opened.callback(web.close)
    publisher.add(web)
    web.start()
    return web.invitation(sys.stderr)


def open_metrics(port: int | None, status: StatusLine, opened: ExitStack) -> MetricsServer | None:
    """The server of --metrics, until `opened` is closed; None where none is asked for."""
    if port is None:
        return None
    metrics = MetricsServer(port)
    opened.callback(metrics.close)
    status.say(f"figures: {metrics.url}/metrics and {metrics.url}/healthz")
    return metrics


def open_preview(stream: str, status: StatusLine, opened: ExitStack) -> Preview | None:
    """The window of --view, until `opened` is closed; None, said once, where none can be."""
    try:
        preview = Preview(f"avatar {stream}")
    except UsageError as error:
        status.say(f"--view: {error}; the stream goes on without it")
        return None
    opened.callback(preview.close)
    return preview
