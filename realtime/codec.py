"""Pictures to payloads and back: raw RGB and JPEG.

JPEG by simplejpeg (libjpeg-turbo), 4:2:0: at 256 x 256 a few tenths of a millisecond each way.
"""

from __future__ import annotations

import numpy as np
from simplejpeg import (  # type: ignore[attr-defined]  # it re-exports without saying so
    decode_jpeg,
    decode_jpeg_header,
    encode_jpeg,
)

from realtime.errors import UsageError, WireError
from realtime.frame import Image
from realtime.wire import Codec, Packet

DEFAULT_QUALITY = 90
MAX_PIXELS = 4096 * 4096
"""A decoder allocates what a stranger's header asks for, so it asks for no more than this."""


def encode(image: Image, codec: Codec, quality: int = DEFAULT_QUALITY) -> bytes:
    """The payload for `image`, uint8[h, w, 3] RGB. `quality` 1..100 is for JPEG only.

    Raises `UsageError` for a codec that cannot be written yet.
    """
    if codec == Codec.RAW:
        return image.tobytes()
    if codec == Codec.JPEG:
        contiguous = np.ascontiguousarray(image)
        return bytes(encode_jpeg(contiguous, quality, "RGB", "420"))
    raise UsageError(f"codec {codec.name} cannot be written yet; use JPEG or RAW")


def decode(packet: Packet) -> Image:
    """The picture, uint8[h, w, 3] RGB, of exactly the header's size.

    Raises `WireError`: "bad_codec" for one not spoken yet, "too_large" over `MAX_PIXELS`,
    "bad_payload" for bytes that are not such a picture though their CRC is right.
    """
    header = packet.header
    shape = (header.height, header.width, 3)
    if header.width * header.height > MAX_PIXELS:
        raise WireError("too_large", f"{header.width} x {header.height} is over {MAX_PIXELS} px")
    if header.codec == Codec.RAW:
        image = np.frombuffer(packet.payload, np.uint8)
        if image.size != header.width * header.height * 3:
            raise WireError("bad_payload", f"{image.size} bytes cannot be raw RGB of shape {shape}")
        return image.reshape(shape)
    if header.codec == Codec.JPEG:
        return _decode_jpeg(packet.payload, shape)
    raise WireError("bad_codec", f"codec {header.codec.name} cannot be read yet")


def _decode_jpeg(payload: memoryview, shape: tuple[int, int, int]) -> Image:
    try:
        height, width, *_ = decode_jpeg_header(payload)
        if (height, width) != shape[:2]:
            raise WireError("bad_payload", f"a JPEG of {width} x {height} px, header says {shape}")
        image: Image = decode_jpeg(payload, "RGB")
    except ValueError as error:
        raise WireError("bad_payload", f"a damaged JPEG: {error}") from error
    return image
