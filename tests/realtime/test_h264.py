"""H.264 for the wire: at once, key pictures where asked for, of no size but the promised one."""

from __future__ import annotations

import numpy as np
import pytest

from realtime.errors import WireError
from realtime.frame import Image
from realtime.h264 import KEY_EVERY, H264Decoder, H264Encoder

SIZE_PX = (64, 32)


def flat(level: int) -> Image:
    return np.full((SIZE_PX[1], SIZE_PX[0], 3), level, np.uint8)


def test_a_picture_is_a_key_picture_where_one_is_asked_for_and_now_and_then() -> None:
    encoder = H264Encoder()
    keys = [encoder.encode(flat(n), key=n == 7)[1] for n in range(2 * KEY_EVERY)]

    assert [n for n, is_key in enumerate(keys) if is_key] == [0, 7, 7 + KEY_EVERY]


def test_a_reader_may_begin_at_any_key_picture_and_has_each_picture_at_once() -> None:
    encoder = H264Encoder()
    encoder.encode(flat(10), key=False)
    stream = [encoder.encode(flat(20 + 3 * n), key=n == 0)[0] for n in range(8)]
    decoder = H264Decoder(64 * 32)

    for n, payload in enumerate(stream):
        assert payload.startswith(b"\0\0\0\1")  # Annex B
        shown = decoder.decode(memoryview(payload), SIZE_PX)
        assert np.abs(shown.astype(int) - (20 + 3 * n)).max() <= 2


def test_a_larger_picture_than_is_allowed_is_refused() -> None:
    payload, _ = H264Encoder().encode(flat(9), key=True)

    with pytest.raises(WireError):
        H264Decoder(64 * 32 - 1).decode(memoryview(payload), SIZE_PX)


def test_a_picture_of_another_size_than_the_header_says_is_refused() -> None:
    payload, _ = H264Encoder().encode(flat(9), key=True)

    for size_px in ((32, 64), (62, 32), (65, 32)):
        with pytest.raises(WireError, match="header says"):
            H264Decoder(10**6).decode(memoryview(payload), size_px)
