"""Addresses of network cameras, as people may see them: `redacted`."""

from __future__ import annotations

import re

SCHEMES = ("rtsp", "rtsps", "http", "https")


def redacted(url: str) -> str:
    """The address without its secrets: user, password, and every value in the query.

    An unescaped "/", "?" or "#" in a password makes an address ambiguous, so everything up to the
    last "@" goes. Cameras take passwords and tokens in the query too, under any name.
    """
    scheme, rest = url.split("://", 1)
    _login, at, rest = rest.rpartition("@")
    path, mark, query = rest.partition("?")
    return f"{scheme}://{'***@' if at else ''}{path}{mark}{re.sub('=[^&]*', '=***', query)}"
