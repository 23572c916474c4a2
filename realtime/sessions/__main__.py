"""`python -m realtime.sessions COMMAND FOLDER`: what is in a recorded session, and parts of it.

Exit codes: 0 it did what was asked, and `verify` found no damage; 1 not so; 2 what was asked makes
no sense.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from calibration.printable import printable
from calibration.profile import ProfileError
from realtime.command_line import parse
from realtime.errors import RealtimeError, SessionError, UsageError
from realtime.sessions.check import verify
from realtime.sessions.config import (
    CONFIGS,
    ExportConfig,
    GuideConfig,
    InfoConfig,
    TrimConfig,
    VerifyConfig,
)
from realtime.sessions.export import export_frames
from realtime.sessions.guide import guide
from realtime.sessions.reader import Session
from realtime.sessions.summary import as_json, as_text
from realtime.sessions.trim import trim

_USAGE = """usage: python -m realtime.sessions COMMAND FOLDER [--help]

  info           what was recorded, when, with what; marks, drops
  verify         decode every picture and compare it with what the camera gave
  export-frames  pictures as PNG files, whole or as the model sees them
  trim           a part of it, as a session of its own
  guide          while it is recorded: what face to make now, marked in the session

A session is recorded by launch.py --record FOLDER, and played by launch.py --camera FOLDER.
"""


def main() -> None:
    """The console entry point."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments say; the exit code."""
    command = arguments[0] if arguments else ""
    if command in ("", "-h", "--help"):
        print(_USAGE, end="")
        return 0 if command else 2
    try:
        if command not in CONFIGS:
            raise UsageError(f"no command {command!r}; there are {', '.join(CONFIGS)}")
        config_type = CONFIGS[command]
        program = f"python -m realtime.sessions {command}"
        _do(parse(config_type, arguments[1:], program, config_type.__doc__ or ""))
    except (RealtimeError, ProfileError) as error:
        print(f"sessions: {printable(str(error))}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    except KeyboardInterrupt:
        print("\nsessions: stopped", file=sys.stderr)
        return 130
    return 0


def _do(config: object) -> None:
    match config:
        case InfoConfig():
            session = Session.open(config.folder)
            print(json.dumps(as_json(session), indent=2) if config.json else as_text(session))
        case VerifyConfig():
            _verify(Session.open(config.folder))
        case ExportConfig():
            count, missing = export_frames(config)
            print("\n".join([*missing, f"wrote {count} pictures to {config.out}"]))
        case TrimConfig():
            session = Session.open(config.folder)
            count = trim(session, config.out, config.from_s, config.to_s)
            print(f"wrote {count} pictures to {config.out}")
        case GuideConfig():
            print(f"{guide(config, _show)} steps are marked in {config.folder}")


def _show(line: str, replaced: bool) -> None:
    """A line on the terminal, which the next one replaces if `replaced`."""
    if sys.stdout.isatty():
        print(f"\r\x1b[K{line}", end="" if replaced else "\n", flush=True)
    elif not replaced:
        print(line, flush=True)


def _verify(session: Session) -> None:
    finding = verify(session)
    for line in finding.notes:
        print(line)
    if finding.damage:
        raise SessionError(f"{session.folder} is damaged: {'; '.join(finding.damage)}")
    print(f"{finding.pictures} pictures are what was recorded, bit for bit")


if __name__ == "__main__":
    main()
