"""Files of one JSON object a line, which are only ever appended to: `read_lines`."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from calibration.part import Part
from realtime.errors import SessionError

T = TypeVar("T", bound=Part)


def read_lines(path: Path, kind: type[T]) -> tuple[list[T], bool]:
    """The lines, and whether a torn one was left out at the end.

    A line is whole when it ends with a line feed: a writer that was killed leaves at most one that
    does not. Raises `SessionError` for any other line that is no `kind`.
    """
    try:
        *lines, rest = path.read_bytes().split(b"\n")
    except OSError as error:
        raise SessionError(f"cannot read {path}: {error.strerror}") from error
    items = []
    for number, line in enumerate(lines, 1):
        try:
            items.append(kind.model_validate_json(line))
        except ValidationError as error:
            raise SessionError(
                f"{path}, line {number}: {error.errors()[0]['msg']} (got {line[:80]!r}): the file "
                "is damaged; restore it, or delete everything from that line on"
            ) from error
    return items, bool(rest)
