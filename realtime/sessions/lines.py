"""Files of one JSON object a line, which are only ever appended to: `read_lines`."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from calibration.part import Part
from calibration.recorded import MOST_INDEX_BYTES, objection
from realtime.errors import SessionError

T = TypeVar("T", bound=Part)

MOST_LINES = 2_000_000
MOST_LINE_BYTES = 8192
"""A mark of 1000 characters has 6100, each of them escaped."""


def read_lines(path: Path, kind: type[T]) -> tuple[list[T], bool]:
    """The lines, and whether a torn one was left out at the end.

    A line is whole when it ends with a line feed: a writer that was killed leaves at most one that
    does not. Raises `SessionError` for any other line that is no `kind`, and for what no recorder
    writes: a link, too many lines, or too long ones.
    """
    if (why := objection(path, MOST_INDEX_BYTES)) is not None:
        raise SessionError(why)
    items: list[T] = []
    try:
        with path.open("rb") as file:
            while line := file.readline(MOST_LINE_BYTES + 1):
                if len(line) > MOST_LINE_BYTES or len(items) == MOST_LINES:
                    raise SessionError(
                        f"{path}, line {len(items) + 1}: a session has {MOST_LINES} lines of "
                        f"{MOST_LINE_BYTES} bytes at most: the file is damaged; restore it"
                    )
                if not line.endswith(b"\n"):
                    return items, True
                items.append(_item(path, len(items) + 1, line, kind))
    except OSError as error:
        raise SessionError(f"cannot read {path}: {error.strerror}") from error
    return items, False


def _item(path: Path, number: int, line: bytes, kind: type[T]) -> T:
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        raise SessionError(
            f"{path}, line {number}: {error.errors()[0]['msg']} (got {line[:80]!r}): the file "
            "is damaged; restore it, or delete everything from that line on"
        ) from error
