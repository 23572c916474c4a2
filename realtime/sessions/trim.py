"""`trim`: a part of a session as a session of its own, bit for bit, without encoding anew."""

from __future__ import annotations

from pathlib import Path

import av
from av.error import FFmpegError

from calibration.recorded import FORMAT, ONLY
from realtime.errors import SessionError
from realtime.sessions.format import INDEX, MARKS, VIDEO, Ending, IndexRow, VideoClock
from realtime.sessions.marks import read_marks
from realtime.sessions.reader import Session
from realtime.sessions.writer import CONTAINER, TICK, cannot_write, make_folder, save


def trim(session: Session, out: Path, from_s: float, to_s: float) -> int:
    """Copy what lies between two times, in seconds since the first picture, `to_s` excluded.

    Returns how many pictures that is. Raises `SessionError` if it is none, if `out` exists, or if
    the video ends too early.
    """
    kept = {
        time_us: row
        for time_us, row in zip(session.times_us, session.rows, strict=True)
        if from_s * 1e6 <= time_us < to_s * 1e6
    }
    if not kept:
        last_s = session.times_us[-1] / 1e6
        raise SessionError(
            f"{session.folder}: no picture lies between {from_s:g} and {to_s:g} s; the last is at "
            f"{last_s:.2f} s"
        )
    session.pictures().close()  # refuses a video that is none of a session
    make_folder(out)
    try:
        rows = _copy_packets(session.folder / VIDEO, out / VIDEO, kept)
        if not rows:
            raise SessionError(f"{session.folder}: its video ends before {from_s:g} s")
        lines = [row.model_dump_json() + "\n" for row in rows]
        (out / INDEX).write_text("".join(lines), encoding="utf-8")
        within = range(rows[0].capture_ns, rows[-1].capture_ns + 1)
        marks = [
            m.model_dump_json() + "\n" for m in read_marks(session.folder) if m.time_ns in within
        ]
        if marks:
            (out / MARKS).write_text("".join(marks), encoding="utf-8")
        end_s = round(min(to_s, session.times_us[-1] / 1e6), 3)
        about = session.about.model_copy(
            update={
                "cut_from": f"{session.folder.name}, {from_s:g} to {end_s:g} s",
                "ended": Ending(why="trimmed", frames=len(rows), dropped={}),
            }
        )
        save(out, about)
    except (FFmpegError, OSError) as error:
        raise cannot_write(out, error) from error
    return len(rows)


def _copy_packets(source: Path, out: Path, kept: dict[int, IndexRow]) -> list[IndexRow]:
    """Copy the pictures of these times; the rows of those that were there."""
    rows = []
    clock = VideoClock()
    with (
        av.open(f"file:{source}", format=FORMAT, options=ONLY) as read,
        av.open(f"file:{out}", "w", container_options=CONTAINER) as written,
    ):
        stream = read.streams.video[0]
        target = written.add_stream_from_template(stream)
        for packet in read.demux(stream):
            if packet.pts is None or packet.time_base is None or packet.is_corrupt:
                continue
            row = kept.get(round(packet.pts * packet.time_base * 1_000_000))
            if row is not None:
                rows.append(row)
                packet.pts = packet.dts = clock.time_us(row.capture_ns)
                packet.time_base = TICK
                packet.stream = target
                written.mux(packet)
    return rows
