"""What a stranger could do to a session's folder before handing it on, and what is to be said."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av

from realtime.sessions.format import INDEX, SESSION, VIDEO
from tests.pictures import draw_number, write_clip
from tests.realtime.sessions.recorded import frame, noise, record

Damage = Callable[[Path], None]


def link(name: str) -> Damage:
    """A file that is a link to a good one elsewhere."""

    def damage(session: Path) -> None:
        elsewhere = session.parent / f"elsewhere-{name}"
        (session / name).rename(elsewhere)
        (session / name).symlink_to(elsewhere)

    damage.__name__ = f"link_{name}"
    return damage


def pipe(name: str) -> Damage:
    """A file whose opening waits for ever."""

    def damage(session: Path) -> None:
        (session / name).unlink()
        os.mkfifo(session / name)

    damage.__name__ = f"pipe_{name}"
    return damage


def say(**changes: Any) -> Damage:
    """Other things in session.json."""

    def damage(session: Path) -> None:
        about = json.loads((session / SESSION).read_text())
        (session / SESSION).write_text(json.dumps(about | changes))

    damage.__name__ = f"say_{'_'.join(changes)}"
    return damage


def playlist(session: Path) -> None:
    """FFmpeg alone would play the other file."""
    write_clip(session / "secret.mp4", [draw_number(n) for n in range(5)])
    (session / VIDEO).write_text("ffconcat version 1.0\nfile secret.mp4\n")


def playlist_behind_the_name_of_the_format(session: Path) -> None:
    playlist(session)
    (session / VIDEO).write_bytes(b"nut/multimedia container\0" + (session / VIDEO).read_bytes())


def other_format(session: Path) -> None:
    write_clip(session / "clip.mp4", [draw_number(n) for n in range(5)])
    (session / "clip.mp4").rename(session / VIDEO)


def other_codec(session: Path) -> None:
    """In the right format."""
    with av.open(f"file:{session / VIDEO}", "w", format="nut") as file:
        stream = file.add_stream("mjpeg", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        picture = av.VideoFrame.from_ndarray(draw_number(1, (64, 48)), format="rgb24")
        file.mux(stream.encode(picture))
        file.mux(stream.encode(None))


def empty_video(session: Path) -> None:
    (session / VIDEO).write_bytes(b"")


def endless_line(session: Path) -> None:
    with (session / INDEX).open("ab") as file:
        file.write(b" " * 100_000)


def huge_number(session: Path) -> None:
    """That no float can hold."""
    text = (session / INDEX).read_text()
    (session / INDEX).write_text(text.replace('"capture_ns":5', f'"capture_ns":{"5" * 400}', 1))


def going_back(session: Path) -> None:
    """A picture twice."""
    lines = (session / INDEX).read_text().splitlines(keepends=True)
    (session / INDEX).write_text("".join([*lines, lines[0]]))


def huge_files(session: Path) -> None:
    """That take no room on the disk."""
    with (session / INDEX).open("r+b") as file:
        file.truncate(1 << 40)


def huge_about(session: Path) -> None:
    with (session / SESSION).open("r+b") as file:
        file.truncate(1 << 40)


DAMAGES: dict[Damage, str] = {
    link(SESSION): "session.json is a symbolic link",
    link(INDEX): "index.jsonl is a symbolic link",
    link(VIDEO): "video.nut is a symbolic link",
    pipe(INDEX): "index.jsonl is no regular file",
    pipe(VIDEO): "video.nut is no regular file",
    say(video="../../secret.mp4"): "video: Extra inputs are not permitted",
    say(size_px=[1_000_000, 1_000_000]): "size_px.0: Input should be less than or equal to 8192",
    say(size_px=[8192, 8192]): "holds ffvhuff of 64x48 pixels, not ffvhuff of 8192x8192",
    playlist: "video.nut is damaged, empty, or no NUT video",
    playlist_behind_the_name_of_the_format: "damaged, unfinished, or not a video at all",
    other_format: "video.nut is damaged, empty, or no NUT video",
    other_codec: "holds mjpeg of 64x48 pixels, not ffvhuff of 64x48",
    empty_video: "video.nut is damaged, empty, or no NUT video",
    endless_line: "2000000 lines of 8192 bytes at most",
    huge_number: "line 1: Input should be less than 9223372036854775808",
    going_back: "picture 0 comes after 4",
    huge_files: "has 1099511627776 bytes, a session's has 268435456 at most",
    huge_about: "has 1099511627776 bytes, a session's has 1048576 at most",
}
"""What was done -> what is said. Of a session of five pictures of 64x48 pixels."""


def write_session(folder: Path) -> Path:
    """That session."""
    record(folder, [frame(image, seq) for seq, image in enumerate(noise(5))])
    return folder
