"""Pictures that say they are larger than any memory, files that never end: refused by all who read
what strangers made, before anything is unpacked."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import av
import pytest

from calibration.errors import BadImages
from calibration.images import pictures
from calibration.opencv import MOST_PIXELS, cv2
from realtime.errors import SourceNotFound
from realtime.sources import open_source
from tests.pictures import draw_number
from train.data.pixels import Undecodable, decode_file
from train.data.videos import frames
from train.data.views import centred, recorded_profile
from train.errors import BadData
from train.simulate.backgrounds import Backgrounds

SIDE = 100_000


def png(side: int) -> bytes:
    """One that says that it is so large, and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = chunk(b"IDAT", zlib.compress(bytes(1 << 16)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + rows + chunk(b"IEND", b"")


def huge_clip(path: Path) -> Path:
    """An MJPEG whose pictures say that they are of 16,000 pixels a side."""
    jpeg = cv2.imencode(".jpg", draw_number(1, (64, 48)))[1].tobytes()
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg = jpeg[:at] + struct.pack(">HH", 16_000, 16_000) + jpeg[at + 4 :]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=30)
        stream.width, stream.height, stream.pix_fmt = 16_000, 16_000, "yuvj420p"
        container.start_encoding()
        for number in range(5):
            packet = av.Packet(jpeg)
            packet.stream, packet.pts, packet.dts = stream, number, number
            container.mux(packet)
    return path


def test_a_picture_of_ten_thousand_million_pixels(tmp_path: Path) -> None:
    assert SIDE * SIDE > MOST_PIXELS
    path = tmp_path / "bomb.png"
    path.write_bytes(png(SIDE))
    with pytest.raises(BadImages, match="of over 67108864 pixels"):
        next(pictures(path))
    with pytest.raises(Undecodable, match="not an image"):
        decode_file(path)
    with pytest.raises(BadData, match="no picture that can be read"):
        Backgrounds(tmp_path, 64)


def test_a_picture_that_is_as_large_as_may_be_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    """The limit does not keep others out."""
    path = tmp_path / "good.png"
    assert cv2.imwrite(str(path), draw_number(1, (640, 480)))
    assert decode_file(path).shape == (480, 640, 3)


def test_a_video_of_pictures_too_large(tmp_path: Path) -> None:
    clip = huge_clip(tmp_path / "clip.mkv")
    with pytest.raises(SourceNotFound, match="pictures of 16000x16000 pixels"):
        open_source(str(clip))
    for picture in frames(clip, "clip", centred):
        with pytest.raises(Undecodable):
            picture.decode()


def test_a_pipe_in_the_place_of_a_picture_or_session_holds_nobody_up(tmp_path: Path) -> None:
    pipe = tmp_path / "a.png"
    os.mkfifo(pipe)
    with pytest.raises(Undecodable, match="no regular file"):
        decode_file(pipe)
    with pytest.raises(BadData, match="is no regular file"):
        recorded_profile(pipe)


def test_lists_in_lists_in_the_place_of_a_session_are_refused(tmp_path: Path) -> None:
    (tmp_path / "session.json").write_text("[" * 100_000)
    with pytest.raises(BadData, match="cannot be read"):
        recorded_profile(tmp_path / "session.json")
