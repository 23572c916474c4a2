"""`python -m realtime.client ADDRESS`: arguments, wiring, exit codes; the loop is in watch.py.

Exit codes: 0 it got what was asked for; 1 it did not; 2 what was asked makes no sense. Whatever
goes wrong is said in one line. Ctrl-C and SIGTERM end it in good order, the report included.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

try:
    from tyro.conf import Positional, arg

    from realtime.client.subscriber import Client
    from realtime.client.watch import Limits, Watch
    from realtime.client.window import Window
    from realtime.command_line import parse
    from realtime.errors import AddressError, RealtimeError, UsageError
    from realtime.report import check_writable, write_json
except ImportError as error:
    # A system library that is missing, or `pip install -e .` that was not run.
    sys.exit(f"client: {error}")

_DESCRIPTION = """Receive an avatar stream: in a window, which q or Esc closes, or without one.

    python -m realtime.client tcp://127.0.0.1:5555
    python -m realtime.client tcp://127.0.0.1:5555 --headless --frames 100 --save out

Ctrl-C ends it."""


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
    save: Annotated[Path | None, _shown("FOLDER", "default: none")] = None
    """Write the pictures there: avatar_000001.png, ...
    Those skipped while the disk is busy are not among them."""

    def __post_init__(self) -> None:
        for name in ("frames", "duration", "timeout"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise UsageError(f"--{name} {value:g}: give a number above 0, or leave it out")


def main() -> None:
    """The console entry point."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run with these arguments; the exit code."""
    try:
        receive(parse(Options, arguments, "python -m realtime.client", _DESCRIPTION))
    except RealtimeError as error:
        print(f"client: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    except KeyboardInterrupt:
        return 1
    return 0


def receive(options: Options) -> None:
    """Receive until a limit is reached; raises if that is less than was asked for."""
    _check_outputs(options)
    limits = Limits(frames=options.frames, duration_s=options.duration, timeout_s=options.timeout)
    with Client(options.address, options.stream) as client:
        title = f"{options.stream} - {client.address}"
        window = None if options.headless else Window(title)
        watch = Watch(client, limits, window, options.save)
        try:
            watch.run()
        except KeyboardInterrupt:
            print("client: stopped by a signal", file=sys.stderr)
        finally:
            if options.report is not None:
                figures = {"frames": watch.frames, "duration_s": round(watch.elapsed_s, 3)}
                write_json(options.report, figures | client.report())
        if not watch.complete:
            wanted = "pictures" if options.frames is None else f"of {options.frames} pictures"
            raise AddressError(f"{watch.frames} {wanted} came from {client.address}")


def _check_outputs(options: Options) -> None:
    """Find out before the stream starts whether what comes of it can be written."""
    if options.report is not None:
        check_writable(options.report)
    if options.save is not None:
        try:
            options.save.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"cannot write to the folder {options.save}: {error.strerror}"
            ) from error


if __name__ == "__main__":
    main()
