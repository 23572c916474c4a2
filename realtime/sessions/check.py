"""`verify`: looks at every picture of a session; `Finding` says what is wrong, or good to know."""

from __future__ import annotations

from dataclasses import dataclass

from realtime.sessions.reader import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a look at all of a session found."""

    pictures: int
    """That are what was recorded, bit for bit."""
    damage: tuple[str, ...]
    """What was recorded and is no longer there, a line each."""
    notes: tuple[str, ...]
    """What happened while it was recorded, a line each: no damage."""


def verify(session: Session) -> Finding:
    """Decode the video and compare with the index. Raises `SessionError` where it cannot be read.

    The end that a killed recorder leaves is no damage; the same in a finished session is.
    """
    pictures = session.pictures()
    try:
        for _ in pictures:
            pass
    finally:
        pictures.close()
    ended, notes, damage = session.about.ended, list(session.notes), list(pictures.missing)
    if ended is None or ended.why.startswith("failed"):
        if pictures.cut_off:  # the line of the index is written first
            notes.append(damage.pop())
    elif ended.frames != len(session.rows):
        damage.append(f"session.json has {ended.frames} pictures, the index {len(session.rows)}")
    return Finding(pictures=pictures.came, damage=tuple(damage), notes=tuple(notes))
