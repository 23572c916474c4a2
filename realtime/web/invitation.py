"""What the terminal shows of the page: its address, and a QR code where there is room for one."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from typing import TextIO

import segno

_WHITE_ON_BLACK, _USUAL = "\x1b[97;40m", "\x1b[0m"


def invitation(urls: Sequence[str], stream: TextIO) -> str:
    """Text for `stream`: the addresses, and on a terminal the first as a QR code."""
    text = f"to watch in a browser: {urls[0]}"
    text += "".join(f"\n  or {url}" for url in urls[1:])
    if stream.isatty():
        code = qr_code(urls[0])
        if len(code[0]) <= os.get_terminal_size(stream.fileno()).columns:
            text += "".join(f"\n{_WHITE_ON_BLACK}{line}{_USUAL}" for line in code)
    return text


def qr_code(text: str) -> list[str]:
    """Lines of blocks and spaces, to be shown in white on black."""
    drawn = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(drawn, compact=True)
    return drawn.getvalue().splitlines()
