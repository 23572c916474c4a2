"""Pictures to payloads and back: raw RGB and JPEG each by itself, H.264 as one stream.

JPEG by simplejpeg (libjpeg-turbo), 4:2:0: at 256 x 256 a few tenths of a millisecond each way.
`encode` and `decode` are for pictures that stand for themselves; `Encoder` and `Decoder` are for
the pictures of one stream in whatever codec.
"""

from __future__ import annotations

import numpy as np
from simplejpeg import decode_jpeg, encode_jpeg  # type: ignore[attr-defined]

from realtime.errors import UsageError, WireError
from realtime.frame import Image
from realtime.h264 import H264Decoder, H264Encoder
from realtime.wire import Codec, Flag, Packet

DEFAULT_QUALITY = 90
MAX_PIXELS = 4096 * 4096
"""A decoder allocates what a stranger's header asks for, so it asks for no more than this."""
MOST_SCANS = 32
"""A decoder goes over the whole picture once for each scan, of which thousands fit into a small
payload. Our own pictures have one, progressive ones ten or so."""
_SCAN = b"\xff\xda"
"""It cannot be part of what is encoded."""


def encode(image: Image, codec: Codec, quality: int = DEFAULT_QUALITY) -> bytes | memoryview:
    """The payload for `image`, uint8[h, w, 3] RGB. `quality` 1..100 is for JPEG only. A raw one is
    the image itself, where that lies in one piece.

    Raises `UsageError` for H.264, whose pictures need an `Encoder`.
    """
    if codec == Codec.RAW:
        return np.ascontiguousarray(image).reshape(-1).data
    if codec == Codec.JPEG:
        contiguous = np.ascontiguousarray(image)
        return bytes(encode_jpeg(contiguous, quality, "RGB", "420"))
    raise UsageError(f"a picture of {codec.name} does not stand for itself; use an Encoder")


def decode(packet: Packet) -> Image:
    """The picture, uint8[h, w, 3] RGB, of exactly the header's size.

    Raises `WireError`: "bad_codec" for H.264, whose pictures need a `Decoder`, "too_large" over
    `MAX_PIXELS`, "bad_payload" for bytes that are not such a picture though their CRC is right.
    """
    header = packet.header
    shape = (header.height, header.width, 3)
    _check_size(packet)
    if header.codec == Codec.RAW:
        image = np.frombuffer(packet.payload, np.uint8)
        if image.size != header.width * header.height * 3:
            raise WireError("bad_payload", f"{image.size} bytes cannot be raw RGB of shape {shape}")
        return image.reshape(shape).copy()  # the reader's own, to draw into
    if header.codec == Codec.JPEG:
        return _decode_jpeg(packet.payload, shape)
    raise WireError("bad_codec", f"{header.codec.name} does not stand for itself; use a Decoder")


class Encoder:
    """The pictures of one stream in its codec. Belongs to one thread."""

    def __init__(self, codec: Codec, quality: int = DEFAULT_QUALITY) -> None:
        """`quality` as in `encode`. Raises `UsageError` where there is no encoder for `codec`."""
        self._codec, self._quality = codec, quality
        self._h264 = H264Encoder() if codec == Codec.H264 else None

    def encode(self, image: Image, *, key: bool) -> tuple[bytes | memoryview, Flag]:
        """The payload for `image`, uint8[h, w, 3] RGB, and `Flag.KEY` if it can be decoded without
        any before it; `key` asks for such a one."""
        if self._h264 is None:
            return encode(image, self._codec, self._quality), Flag.KEY
        payload, is_key = self._h264.encode(image, key=key)
        return payload, Flag.KEY if is_key else Flag.NONE


class Decoder:
    """The pictures of one stream, each given once and in order. Belongs to one thread.

    After a damaged picture of H.264, or one that is missing, the next one must be a key picture.
    """

    def __init__(self) -> None:
        self._h264: H264Decoder | None = None

    def decode(self, packet: Packet) -> Image:
        """As the function `decode`. Raises `WireError` likewise, and "bad_payload" for a picture
        of H.264 that builds on one which was not given."""
        header = packet.header
        if header.codec != Codec.H264:
            return decode(packet)
        _check_size(packet)
        if self._h264 is None and not header.is_key:
            raise WireError("bad_payload", "H.264 that builds on a picture which is not there")
        decoder, self._h264 = self._h264 or H264Decoder(MAX_PIXELS), None
        image = decoder.decode(packet.payload, (header.width, header.height))
        self._h264 = decoder  # it is of use only after a picture that was whole
        return image


def _check_size(packet: Packet) -> None:
    width, height = packet.header.width, packet.header.height
    if width * height > MAX_PIXELS:
        raise WireError("too_large", f"{width} x {height} is over {MAX_PIXELS} px")


def _decode_jpeg(payload: memoryview, shape: tuple[int, int, int]) -> Image:
    scans = bytes(payload).count(_SCAN)
    if scans > MOST_SCANS:
        raise WireError("bad_payload", f"a JPEG of {scans} scans, {MOST_SCANS} at most")
    try:
        # One that is larger than it says does not fit in.
        image: Image = decode_jpeg(payload, "RGB", buffer=np.empty(shape, np.uint8))
        if image.shape != shape:
            raise WireError("bad_payload", f"a JPEG of {image.shape}, its header says {shape}")
    except ValueError as error:
        raise WireError("bad_payload", f"a damaged JPEG: {error}") from error
    return image
