"""`python -m realtime.keys new|list|revoke`: who may watch from other machines."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from realtime.command_line import parse
from realtime.errors import RealtimeError, UsageError
from realtime.keys import KeyFolder

_USAGE = """usage: python -m realtime.keys new NAME [--keys FOLDER] [--out FILE] [--public KEY]
       python -m realtime.keys list [--keys FOLDER]
       python -m realtime.keys revoke NAME [--keys FOLDER]"""
_HELP = f"""{_USAGE}

Keys for those who watch from other machines; each command has --help.

    python -m realtime.keys new alice                       writes alice.key.json
    python launch.py --camera 0 --bind tcp://0.0.0.0:5555 --curve
    python -m realtime.client tcp://HOST:5555 --curve alice.key.json     on alice's machine"""

_KEYS = arg(metavar="FOLDER", help_behavior_hint="(default: this user's own)")

_OUT = arg(metavar="FILE", help_behavior_hint="(default: NAME.key.json)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListConfig:
    """The docstrings of the fields are the text of --help."""

    keys: Annotated[Path | None, _KEYS] = None
    """Where the keys are; launch.py --curve FOLDER takes the same."""

    @property
    def folder(self) -> KeyFolder:
        return KeyFolder.default() if self.keys is None else KeyFolder(self.keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeConfig(ListConfig):
    """As above."""

    name: Annotated[Positional[str], arg(metavar="NAME")]
    """Whose key it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConfig(RevokeConfig):
    """As above."""

    out: Annotated[Path | None, _OUT] = None
    """Where to write the client's key; it must not exist."""
    public: Annotated[str | None, arg(metavar="KEY", help_behavior_hint="(default: none)")] = None
    """Let in a client that made its keys itself: its public one."""


def new(config: NewConfig) -> str:
    """Let a client in; what was done, and what to do next."""
    folder = config.folder
    if config.public is not None:
        folder.allow(config.name, config.public)
        return f"{config.name} may watch; the publisher's public key is {folder.public()}"
    out = config.out or Path(f"{config.name}.key.json")
    if out.exists():
        raise UsageError(f"--out {out} exists: delete it first, or give another name")
    key = folder.new(config.name)
    try:
        key.save(out)
    except OSError as error:
        folder.revoke(config.name)
        raise UsageError(f"cannot write {out}: {error.strerror}") from error
    return (
        f"{out} lets {config.name} watch: move it to the client's machine on a safe way, keep no "
        f"copy, and give it to the client as --curve {out.name}"
    )


def show(config: ListConfig) -> str:
    """Who may watch."""
    folder = config.folder
    lines = [f"publisher  {folder.public()}  {folder.path}"]
    lines += [f"{it.name}  {it.public}  {it.created:%Y-%m-%d}" for it in folder.clients()]
    return "\n".join(lines)


def revoke(config: RevokeConfig) -> str:
    """Let a client in no more."""
    config.folder.revoke(config.name)
    return f"{config.name} may not watch any more; a publisher that runs ends its connection"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    verb, rest = "".join(words[:1]), words[1:]
    program = f"python -m realtime.keys {verb}"
    try:
        match verb:
            case "new":
                said = new(parse(NewConfig, rest, program, "Let a client in."))
            case "list":
                said = show(parse(ListConfig, rest, program, "Show who may watch."))
            case "revoke":
                said = revoke(parse(RevokeConfig, rest, program, "Let a client in no more."))
            case "-h" | "--help":
                said = _HELP
            case _:
                raise UsageError(_USAGE)
    except RealtimeError as error:
        print(f"keys: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    print(said)
    return 0


if __name__ == "__main__":
    sys.exit(main())
