"""Files that only their owner may read, and where a program keeps them."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from realtime.errors import UsageError

KEY_BYTES = 32
_MOST_BYTES = 1 << 16


def write_secret(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all, that only its owner may read. Raises OSError."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    partial.replace(path)


def read_secret(path: Path) -> bytes:
    """The content of a file that only its owner may read.

    Raises OSError, and `UsageError` for one that others may read: it is no secret any more. Windows
    keeps a user's files from others in its own way, which is not looked at.
    """
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise UsageError(
                f"{path} is a secret that others may read (mode {stat.S_IMODE(mode):o}): make a "
                f"new one if anybody may have; else chmod 600 {path}"
            )
        return file.read(_MOST_BYTES)


def own_key(name: str) -> bytes:
    """A key of this user on this machine, to sign with; made at the first call and kept.

    Raises OSError and `UsageError` where it cannot be kept, or others may read it.
    """
    folder = state_folder()
    path = folder / name
    if path.exists() and len(key := read_secret(path)) == KEY_BYTES:
        return key
    key = secrets.token_bytes(KEY_BYTES)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_secret(path, key)
    return key


def state_folder() -> Path:
    """Where a program of this user keeps what should outlive a run; it may not exist yet."""
    base = os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".local" / "state") / "headset-avatar"
