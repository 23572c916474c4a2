"""What is demanded of a recorded session's files before anything reads them.

Others may have made them. FFmpeg would take whatever a file holds: a playlist that leads to other
files, and formats and codecs that no session has. Each reader raises an error of its own.
"""

from __future__ import annotations

import stat
from pathlib import Path

SESSION, VIDEO, INDEX, MARKS = "session.json", "video.nut", "index.jsonl", "marks.jsonl"
FORMAT, CODEC = "nut", "ffvhuff"
ONLY = {"format_whitelist": FORMAT, "codec_whitelist": CODEC, "protocol_whitelist": "file"}
"""FFmpeg's options for opening the video. They do not keep it from naming a codec that is not on
the list, so look at that before decoding."""
MOST_ABOUT_BYTES = 1 << 20
MOST_INDEX_BYTES = 256 << 20
"""2 million pictures: 18 hours at 30 a second. The same holds for marks."""
_BEGINS = b"nut/multimedia container\0"


def objection(path: Path, most_bytes: int | None = None) -> str | None:
    """What speaks against reading this file of a session, in one line; None: nothing does.

    That it is not there is left to whoever reads it.
    """
    if path.is_symlink():
        return f"{path} is a symbolic link, which may lead anywhere: put the file itself there"
    try:
        found = path.stat()
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return f"{path} is no regular file: restore it from where the session was recorded"
    if most_bytes is not None and found.st_size > most_bytes:
        return f"{path} has {found.st_size} bytes, a session's has {most_bytes} at most"
    return None


def video_objection(path: Path) -> str | None:
    """The same of a session's video, which must begin as one does."""
    if (found := objection(path)) is not None:
        return found
    try:
        with path.open("rb") as file:
            begins = file.read(len(_BEGINS))
    except OSError as error:
        return f"cannot read {path}: {error.strerror}"
    if begins != _BEGINS:
        return f"{path} is damaged, empty, or no NUT video: restore it"
    return None
