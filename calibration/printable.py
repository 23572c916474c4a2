"""`printable`: what files and devices of others say, without what would steer a terminal.

Their names and words get into messages, where a line feed would look like a message of ours, and an
escape code could do whatever the terminal can.
"""

from __future__ import annotations

_MOST = 2000


def printable(text: str) -> str:
    """One line of up to 2000 letters; what steers a terminal, or is no letter, becomes a "?"."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:_MOST])
