"""A real `launch.py` that streams a minute of numbered pictures, for tests of its clients."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from realtime.frame import Image
from tests.conftest import write_tiny_bundle
from tests.end_to_end.test_launch import running
from tests.pictures import draw_number, read_number, write_clip

SIZE_PX = (64, 64)
FPS = 30
FRAMES = 60 * FPS


@contextmanager
def live_stream(folder: Path, *arguments: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and its address. `folder` takes what it needs; it plays as a camera would."""
    bundle = folder / "bundle"
    bundle.mkdir()
    write_tiny_bundle(bundle)
    pictures = (draw_number(number, SIZE_PX) for number in range(FRAMES))
    clip = write_clip(folder / "clip.mp4", pictures, fps=FPS, encoder={"preset": "ultrafast"})
    given = ("--camera", clip, "--pace", "realtime", "--bundle", bundle, *arguments)
    with running(*given) as (process, address):
        yield process, address


def shown_number(avatar: Image) -> int:
    """The number of the camera's picture that an avatar was made of: the model inverts."""
    return read_number(255 - avatar)
