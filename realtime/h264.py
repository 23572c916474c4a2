"""`H264Encoder` and `H264Decoder`: H.264 for the wire (Annex B), each picture out at once.

A key picture can be decoded without any before it and carries the parameters that a decoder needs;
every other one builds on the one before. Colours are sRGB by the matrix of BT.601, limited range,
and the stream says so. Two pixels share a colour in either direction, so sizes are rounded up to
even ones; the header on the wire has the true one, and what is too much lies right and below.
"""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from av.codec.codec import UnknownCodecError
from av.error import FFmpegError
from av.video.frame import PictureType
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from realtime.errors import UsageError, WireError
from realtime.frame import Image

KEY_EVERY = 30
"""Pictures. So long, at most, is a reader without a picture that has missed one."""
_OPTIONS = {
    "preset": "ultrafast",
    "tune": "zerolatency",  # no B frames, and nothing is looked ahead at
    "crf": "18",
    "forced-idr": "1",
    "x264-params": "annexb=1:repeat-headers=1:scenecut=0",
}
# sRGB, and JPEG's matrix: browsers that convert in software are imprecise with that of BT.709.
_PRIMARIES_BT709, _TRANSFER_SRGB, _MATRIX_BT601 = 1, 13, 6


class H264Encoder:
    """For the pictures of one stream, in order; their size may change. Belongs to one thread."""

    def __init__(self) -> None:
        """Raises `UsageError` where there is no encoder."""
        self._yuv = VideoReformatter()
        self._size_px = (0, 0)
        self._context = _new_encoder((2, 2))  # says at once if there is none
        self._count = 0

    def encode(self, image: Image, *, key: bool) -> tuple[bytes, bool]:
        """The payload for `image`, uint8[h, w, 3] RGB, and whether it is a key picture: it is if
        `key` asks for one, at each new size, and every `KEY_EVERY` pictures."""
        height, width, _ = image.shape
        right, below = width % 2, height % 2
        if right or below:
            image = np.pad(image, ((0, below), (0, right), (0, 0)), "edge")
        if self._size_px != (width + right, height + below):
            self._size_px = (width + right, height + below)
            self._context = _new_encoder(self._size_px)
        frame = self._yuv.reformat(
            av.VideoFrame.from_ndarray(image, format="rgb24"),
            format="yuv420p",
            dst_colorspace=Colorspace.ITU601,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )
        frame.pts = self._count
        frame.pict_type = PictureType.I if key else PictureType.NONE
        self._count += 1
        (packet,) = self._context.encode(frame)
        return bytes(packet), bool(packet.is_keyframe)


def _new_encoder(size_px: tuple[int, int]) -> av.VideoCodecContext:
    try:
        context = av.CodecContext.create("libx264", "w")
    except UnknownCodecError as error:
        raise UsageError(
            "--codec h264: this build of PyAV has no H.264 encoder (libx264); take jpeg, or PyPI's "
            "build, which has one: pip install av"
        ) from error
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height = size_px
    context.pix_fmt = "yuv420p"
    context.time_base, context.framerate = Fraction(1, 30), Fraction(30)  # of no consequence
    context.gop_size = KEY_EVERY
    context.thread_count = 1
    context.options = _OPTIONS
    context.colorspace, context.color_range = _MATRIX_BT601, ColorRange.MPEG
    context.color_primaries, context.color_trc = _PRIMARIES_BT709, _TRANSFER_SRGB
    return context


class H264Decoder:
    """For the pictures of one stream, in order, the first of them a key picture."""

    def __init__(self, max_pixels: int) -> None:
        """`max_pixels`: a stranger's picture may say that it is larger, and is refused."""
        context = av.CodecContext.create("h264", "r")
        assert isinstance(context, av.VideoCodecContext)
        self._context = context
        context.options = {"flags": "low_delay", "max_pixels": str(max_pixels)}
        context.thread_count = 1

    def decode(self, payload: memoryview, size_px: tuple[int, int]) -> Image:
        """The picture, uint8[h, w, 3] RGB, of `size_px` (width, height).

        Raises `WireError` "bad_payload" for what is no such picture.
        """
        width, height = size_px
        if not payload:  # which would tell the decoder that the stream has ended
            raise WireError("bad_payload", "H.264 of no bytes")
        try:
            frames = self._context.decode(av.Packet(bytes(payload)))
        except FFmpegError as error:
            raise WireError("bad_payload", f"damaged H.264: {error}") from error
        if len(frames) != 1:
            raise WireError("bad_payload", f"{len(frames)} H.264 pictures in one message")
        got_px = (frames[0].width, frames[0].height)
        if got_px not in (size_px, (width + width % 2, height + height % 2)):
            raise WireError("bad_payload", f"H.264 of {got_px} px, header says {size_px}")
        return np.ascontiguousarray(frames[0].to_ndarray(format="rgb24")[:height, :width])
