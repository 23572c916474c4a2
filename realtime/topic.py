"""Topics of the wire: `avatar/<stream>` for pictures, `info/<stream>` for information."""

from __future__ import annotations

import re
from functools import lru_cache

from realtime.errors import UsageError, WireError

AVATAR_PREFIX = "avatar/"
INFO_PREFIX = "info/"
_STREAM = re.compile(r"(?!.*AVF1)[A-Za-z0-9._-]{1,64}")
LONGEST_TOPIC = len(AVATAR_PREFIX) + 64
"""Characters."""


def check_stream(name: str) -> str:
    """The name, if a stream can have it; raises `UsageError`."""
    if not _STREAM.fullmatch(name):
        raise UsageError(
            f"stream {name!r:.80}: a stream's name is 1 to 64 of the letters a-z and A-Z, digits, "
            "dot, hyphen and underscore, without 'AVF1'; choose another"
        )
    return name


def avatar_topic(stream: str) -> str:
    """Topic of a stream's pictures; raises `UsageError` for a name that no stream can have."""
    return AVATAR_PREFIX + check_stream(stream)


def info_topic(stream: str) -> str:
    """Topic of a stream's information; raises `UsageError` likewise."""
    return INFO_PREFIX + check_stream(stream)


def parse_topic(raw: bytes, prefix: str) -> str:
    """A received topic that begins with one of the prefixes. Raises `WireError`."""
    return _parse(raw[: LONGEST_TOPIC + 1], prefix)


@lru_cache(maxsize=16)  # it is the same with each picture
def _parse(raw: bytes, prefix: str) -> str:
    topic = raw.decode("ascii", errors="replace")
    if not topic.startswith(prefix) or not _STREAM.fullmatch(topic.removeprefix(prefix)):
        raise WireError("bad_topic", f"{topic!r} is not {prefix}<stream>")
    return topic
