"""The front door of the live side: headset camera in, avatar video out.

    python launch.py --camera demo

This file: arguments, wiring, exit codes. The loop is realtime/pipeline.py.

Exit codes: 0 it did what was asked, also when it was stopped by Ctrl-C, SIGTERM or SIGHUP; 1 it
could not; 2 what was asked makes no sense. Whatever goes wrong is said in one line.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack

from realtime.memory import prepare_memory
from realtime.starting import all_is_loaded, limit_loading, limited

prepare_memory()
if __name__ == "__main__":
    limit_loading()
try:
    from calibration.printable import printable
    from calibration.profile import ProfileError
    from realtime.backends import open_backend
    from realtime.bundle import Bundle
    from realtime.clock import ClockServer
    from realtime.command_line import parse
    from realtime.config import LaunchConfig
    from realtime.ending import end_without_memory, give_up, leave, say_last
    from realtime.errors import RealtimeError, UsageError
    from realtime.extras import open_metrics, open_preview, open_recorder, own_profile, serve_page
    from realtime.health import describe
    from realtime.pipeline import Pipeline
    from realtime.preview import TURN_S, Preview
    from realtime.publish import Output
    from realtime.publisher import Publisher
    from realtime.report import check_writable, report, write_json
    from realtime.sessions.alone import record_alone
    from realtime.sessions.recorder import Recorder
    from realtime.sources import list_cameras, open_source
    from realtime.status import StatusLine, format_recording, format_summary
    from realtime.stopping import die_at_once, stop_signals
except ModuleNotFoundError as error:
    sys.exit(f"launch: {error}: run `pip install -e .` in the folder of launch.py first")
except ImportError as error:  # a library of the system is missing; the message has the cure
    sys.exit(f"launch: {error}")

_DESCRIPTION = """Turn a headset camera's video into your avatar's, live, and stream it.

    python launch.py --camera 0                        a camera
    python launch.py --camera demo                     a clip that ships
    python launch.py --camera 0 --web 8443             with a page for browsers, headsets
    python launch.py --camera 0 --record sessions/me   record what the camera gives
    python -m realtime.client tcp://127.0.0.1:5555     watch it, in another terminal

Ctrl-C ends it."""
_TICK_S = 0.1


def main() -> None:
    """The console entry point."""
    sys.unraisablehook = end_without_memory
    die_at_once()
    all_is_loaded()
    leave(launch(sys.argv[1:]))


def launch(arguments: Sequence[str]) -> int:
    """Run with these arguments; the exit code."""
    try:
        config = parse(LaunchConfig, arguments, "launch.py", _DESCRIPTION)
        if config.list_cameras:
            print_cameras()
        elif config.no_model:
            record(config)
        else:
            stream(config)
    except (RealtimeError, ProfileError, MemoryError) as error:
        say_last(describe(error), as_json="--log-json" in arguments)
        return 2 if isinstance(error, UsageError) else 1
    except RuntimeError as error:
        if "start new thread" not in str(error):
            raise
        say_last("out of memory or threads: free some, or raise the limits", as_json=False)
        return 1
    return 0


def print_cameras() -> None:
    """One line for each camera of this machine, on stdout."""
    cameras = list_cameras()
    for camera in cameras:
        where = " = ".join(filter(None, (camera.path, camera.by_id)))
        print(printable(f"--camera {camera.index}  {camera.name}  {where}"))
    if not cameras:
        print("no camera is connected to this machine; --camera demo needs none")


def stream(config: LaunchConfig) -> None:
    """Set everything up, so that what is wrong is said before the camera is opened; then run."""
    if config.report is not None:
        check_writable(config.report)
    bundle = Bundle.load(config.bundle)
    profile = own_profile(config) or bundle.profile
    status = StatusLine(sys.stderr, as_json=config.log_json)
    with ExitStack() as opened:
        opened.callback(status.close)
        publisher = Publisher(
            config.bind,
            config.stream,
            config.wire,
            insecure=config.insecure,
            keys=config.keys,
            on_event=status.say,
        )
        opened.callback(publisher.close)
        clock = ClockServer(publisher.address, config.keys)
        opened.callback(clock.close)
        clock.start()
        key = "" if config.curve is None else " --curve NAME.key.json"
        to_watch = [f"to watch: python -m realtime.client {publisher.address}{key}"]
        if config.web is not None:
            to_watch.append(serve_page(config.web, config, publisher, status, opened))
        metrics = open_metrics(config.metrics, status, opened)
        with limited(
            "opening the model",
            config.start_limit,
            on_event=status.say,
            give_up=lambda why: give_up(status, why),
        ):
            backend = open_backend(config.backend, bundle, status.say)
        stop_asked = stop_signals()
        opened.callback(backend.close)
        preview = open_preview(config.stream, status, opened) if config.view else None
        recorder = open_recorder(config, profile, bundle.id, status, opened)
        pipeline = Pipeline(
            open_source=lambda: open_source(config.camera, config.request, config.pace),
            profile=profile,
            bundle=bundle,
            backend=backend,
            publisher=publisher,
            output=Output(
                stream=config.stream,
                codec=config.wire_codec,
                quality=config.quality,
                frames=config.frames,
            ),
            clock_address=clock.address,
            on_event=status.say,
            on_pictures=preview.offer if preview else None,
            recorder=recorder,
        )
        if metrics is not None:
            metrics.start(pipeline.snapshot)
        run(pipeline, config, status, to_watch, stop_asked, preview, recorder)


def record(config: LaunchConfig) -> None:
    """Record without a model."""
    stop_asked = stop_signals()
    profile = own_profile(config)
    status = StatusLine(sys.stderr, as_json=config.log_json)
    with ExitStack() as opened:
        opened.callback(status.close)
        if (recorder := open_recorder(config, profile, None, status, opened)) is not None:
            record_alone(config, recorder, profile, status.say, stop_asked)


def run(
    pipeline: Pipeline,
    config: LaunchConfig,
    status: StatusLine,
    to_watch: Sequence[str],
    stop_asked: threading.Event,
    preview: Preview | None,
    recorder: Recorder | None,
) -> None:
    """Run until something ends it; then say what was done, and write the report."""
    ended = "failed"
    gc.freeze()  # none of what is here by now is garbage: to look for some takes 0.4 ms, not 16
    pipeline.start()
    try:
        ended = follow(pipeline, config, status, to_watch, stop_asked, preview)
    except Exception as error:
        ended = f"failed: {error}"
        raise
    finally:
        pipeline.stop()
        if recorder is not None:
            recorder.close(ended)
        status.clear()
        snapshot = pipeline.snapshot()
        if snapshot.captured:
            status.say(format_summary(snapshot))
        if snapshot.recording is not None:
            status.say(format_recording(snapshot.recording))
        if config.report is not None:
            write_json(config.report, report(snapshot, ended))


def follow(
    pipeline: Pipeline,
    config: LaunchConfig,
    status: StatusLine,
    to_watch: Sequence[str],
    stop_asked: threading.Event,
    preview: Preview | None,
) -> str:
    """Show the figures until the end; why it ended. Raises what made the pipeline fail."""
    started_s = time.monotonic()
    announced = False
    while not pipeline.wait(TURN_S if preview else _TICK_S):
        if stop_asked.is_set():
            return "stopped by a signal"
        if preview is not None and not preview.turn(pipeline.snapshot):
            return "the window of --view was closed"
        if config.duration is not None and time.monotonic() - started_s >= config.duration:
            return "--duration was over"
        if not announced and pipeline.source_state != "opening":
            announced = True
            now = pipeline.snapshot()
            status.say(f"{now.source} -> {now.bundle} on {now.backend} -> {now.address}")
            for way in to_watch:
                status.draw(way)
        status.update(pipeline.snapshot)
    reached = config.frames is not None and pipeline.snapshot().published >= config.frames
    return "--frames were published" if reached else "the source ended"


if __name__ == "__main__":
    main()
