"""`python -m realtime.client ADDRESS`: arguments, wiring, exit codes; the loop is in watch.py.

Exit codes: 0 it got what was asked for; 1 it did not; 2 what was asked makes no sense. Whatever
goes wrong is said in one line. Ctrl-C and SIGTERM end it in good order, the report included.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

try:
    from tyro.conf import Positional, arg

    from calibration.printable import printable
    from realtime.client.outputs import Output, PictureFolder
    from realtime.client.subscriber import Client
    from realtime.client.video_file import VIDEO_SUFFIXES, VideoFile
    from realtime.client.virtual_camera import VirtualCamera
    from realtime.client.watch import Limits, Watch
    from realtime.command_line import parse
    from realtime.errors import AddressError, RealtimeError, UsageError
    from realtime.report import check_writable, write_json
    from realtime.window import Window
except ImportError as error:
    # A system library that is missing, or `pip install -e .` that was not run.
    sys.exit(f"client: {error}")

_DESCRIPTION = """Receive an avatar stream: in a window or without one.

    python -m realtime.client tcp://127.0.0.1:5555
    python -m realtime.client tcp://127.0.0.1:5555 --save clip.mp4
    python -m realtime.client tcp://127.0.0.1:5555 --headless --frames 100 --save out

In the window, h shows and hides the figures; q and Esc close it. Ctrl-C ends it too."""
_OTHER_VIDEOS = (".avi", ".m4v", ".mov", ".webm")


def _shown(metavar: str, default: str) -> object:
    """How --help shows a value, and what it says of leaving it out."""
    return arg(metavar=metavar, help_behavior_hint=f"({default})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The docstrings of the fields are the text of --help."""

    address: Annotated[Positional[str], arg(metavar="ADDRESS", help_behavior_hint="")]
    """Where the stream comes from, as launch.py says it."""
    headless: Annotated[bool, arg(help_behavior_hint="")] = False
    """No window; only a line of figures each second."""
    stream: Annotated[str, arg(metavar="NAME")] = "main"
    """The stream's name."""
    curve: Annotated[Path | None, _shown("FILE", "default: none")] = None
    """This client's key, for a publisher that encrypts."""
    frames: Annotated[int | None, _shown("COUNT", "default: no limit")] = None
    """End after so many pictures; fewer are a failure."""
    duration: Annotated[float | None, _shown("SECONDS", "default: no limit")] = None
    """End after this long; no picture at all is a failure."""
    timeout: Annotated[float, arg(metavar="SECONDS")] = 10.0
    """Give up after this long without a picture. Once
    pictures came, only if --frames asked for a number:
    otherwise the publisher may come and go."""
    report: Annotated[Path | None, _shown("FILE", "default: none")] = None
    """Write the figures to this JSON file at the end."""
    save: Annotated[Path | None, _shown("FOLDER|FILE", "default: none")] = None
    """Write the pictures to a folder (avatar_000001.png, ...)
    or to a video, FILE.mp4 or FILE.mkv, with their timing.
    Those skipped while the disk is busy are not among them."""
    virtual_camera: Annotated[tuple[str, ...] | None, _shown("[DEVICE]", "default: none")] = None
    """Hand the pictures to a virtual camera of this machine: the
    first one, or this one, such as /dev/video9. Needs
    pyvirtualcam and, on Linux, v4l2loopback."""
    scale: Annotated[float | None, _shown("FACTOR", "default: one that fits")] = None
    """How large the window is at first; 1: a pixel for a pixel."""

    def __post_init__(self) -> None:
        for name in ("frames", "duration", "timeout", "scale"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise UsageError(f"--{name} {value:g}: give a number above 0, or leave it out")
        if self.virtual_camera is not None and len(self.virtual_camera) > 1:
            raise UsageError(f"--virtual-camera {' '.join(self.virtual_camera)}: give one device")
        if self.save is not None and self.save.suffix.lower() in _OTHER_VIDEOS:
            raise UsageError(f"--save {self.save}: a video is written as .mp4 or .mkv")


def main() -> None:
    """The console entry point."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run with these arguments; the exit code."""
    try:
        receive(parse(Options, arguments, "python -m realtime.client", _DESCRIPTION))
    except RealtimeError as error:
        print(f"client: {printable(str(error))}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    except KeyboardInterrupt:
        return 1
    return 0


def receive(options: Options) -> None:
    """Receive until a limit is reached; raises if that is less than was asked for."""
    if options.report is not None:
        check_writable(options.report)
    limits = Limits(frames=options.frames, duration_s=options.duration, timeout_s=options.timeout)
    with ExitStack() as opened:
        client = opened.enter_context(Client(options.address, options.stream, curve=options.curve))
        window = None if options.headless else _open_window(options, client.address)
        outputs = _open_outputs(options, opened)
        watch = Watch(client, limits, window, outputs)
        try:
            with _signals_stop(watch):
                watch.run()
            if watch.stopped:
                print("client: stopped by a signal", file=sys.stderr)
        finally:
            if options.report is not None:
                write_json(options.report, _report(watch, client, outputs))
        if not watch.complete:
            wanted = "pictures" if options.frames is None else f"of {options.frames} pictures"
            raise AddressError(f"{watch.frames} {wanted} came from {client.address}")


@contextmanager
def _signals_stop(watch: Watch) -> Iterator[None]:
    """Between two pictures, so that no output has taken half of one."""

    def stop(*_: object) -> None:
        watch.stopped = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _open_window(options: Options, address: object) -> Window:
    try:
        return Window(f"{options.stream} - {address}", options.scale)
    except UsageError as error:
        raise UsageError(f"{error}; add --headless (and --save to get the pictures)") from error


def _open_outputs(options: Options, opened: ExitStack) -> list[Output]:
    """What was asked for; `opened` closes each, and tells what became of it."""
    outputs: list[Output] = []

    def add(output: Output) -> None:
        outputs.append(output)
        opened.callback(_close, output)

    if options.save is not None:
        is_video = options.save.suffix.lower() in VIDEO_SUFFIXES
        add(VideoFile(options.save) if is_video else PictureFolder(options.save))
    if options.virtual_camera is not None:
        add(VirtualCamera(next(iter(options.virtual_camera), None)))
    return outputs


def _close(output: Output) -> None:
    said = output.close()
    if said is not None:
        print(f"client: {said}", file=sys.stderr)


def _report(watch: Watch, client: Client, outputs: Sequence[Output]) -> dict[str, object]:
    figures: dict[str, object] = {
        "frames": watch.frames,
        "duration_s": round(watch.elapsed_s, 3),
        "outputs": [
            {"name": output.name, "taken": output.taken, "dropped": output.dropped}
            for output in outputs
        ],
    }
    return figures | client.report()


if __name__ == "__main__":
    main()
