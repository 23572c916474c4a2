"""What is demanded of a video file before anything opens it: that it is no playlist.

FFmpeg, and OpenCV by it, would follow one to whatever files it names, and show their pictures.
"""

from __future__ import annotations

from pathlib import Path

_BEGINNINGS = (b"ffconcat", b"#EXTM3U", b"<", b"v=0")
"""Of concat scripts, HLS, all that is XML (DASH, IMF), and SDP. No video begins so."""
_LOOK_BYTES = 64


def playlist_objection(path: Path) -> str | None:
    """What speaks against opening this file, in one line; None: nothing does.

    That it cannot be read is left to whoever reads it. Nothing is taken out of a pipe.
    """
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            begins = file.read(_LOOK_BYTES)
    except OSError:
        return None
    if begins.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(_BEGINNINGS):
        return f"{path} is a playlist, which may lead to any other file: give the video itself"
    return None
