"""Command lines from dataclasses (tyro); whatever is wrong becomes one line of `UsageError`."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Sequence
from typing import TypeVar

import tyro

from realtime.errors import UsageError

T = TypeVar("T")

_FRAME = re.compile(r"^[│╭╰][ ─]?|[│╮╯]$")


def parse(config: type[T], arguments: Sequence[str], program: str, description: str) -> T:
    """`arguments` as a `config`. `--help` prints and raises SystemExit(0), as usual.

    Raises `UsageError` where tyro would print a box and exit; a `UsageError` out of the dataclass's
    own `__post_init__` passes through.
    """
    box = io.StringIO()
    try:
        with contextlib.redirect_stderr(box):
            return tyro.cli(
                config,
                args=list(arguments),
                prog=program,
                description=description,
                config=(tyro.conf.FlagCreatePairsOff,),
            )
    except SystemExit as ending:
        if ending.code in (None, 0):
            raise
        raise UsageError(f"{_first_paragraph(box.getvalue())}: see {program} --help") from None


def _first_paragraph(box: str) -> str:
    """What tyro says inside its box, up to the first rule or blank line."""
    said: list[str] = []
    for line in box.splitlines()[1:]:
        text = _FRAME.sub("", line).strip()
        if not text.strip("─"):
            break
        said.append(text)
    return re.sub(r"\s+(?=[.,])", "", " ".join(said)).rstrip(".: ")
