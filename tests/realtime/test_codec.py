"""Pictures to payloads and back, and that a stranger's payload can do no harm."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simplejpeg import encode_jpeg

from calibration.opencv import cv2
from realtime.codec import MAX_PIXELS, MOST_SCANS, Decoder, Encoder, decode, encode
from realtime.errors import UsageError, WireError
from realtime.frame import Image
from realtime.wire import Codec, Flag, Header, Packet, pack_message, parse


def smooth(width: int, height: int) -> Image:
    """A picture without an edge, different in each channel."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    return (255 * np.stack([x, y, (x + y) / 2], -1)).round().astype(np.uint8)


def packet(payload: bytes, codec: Codec, width: int, height: int, flags: Flag = Flag.KEY) -> Packet:
    size = {"width": width, "height": height}
    header = Header(codec=codec, flags=flags, capture_us=0, pts_us=0, infer_us=0, **size)
    return parse([bytes(part) for part in pack_message("avatar/main", header, payload)])


@pytest.mark.parametrize(("width", "height"), [(1, 1), (17, 31), (256, 256)])
def test_raw_comes_back_exactly(width: int, height: int) -> None:
    image = smooth(width, height)

    assert np.array_equal(decode(packet(encode(image, Codec.RAW), Codec.RAW, width, height)), image)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (17, 31), (256, 256)])
def test_jpeg_comes_back_closely_and_as_rgb(width: int, height: int) -> None:
    image = smooth(width, height)

    decoded = decode(packet(encode(image, Codec.JPEG), Codec.JPEG, width, height))

    assert decoded.shape == image.shape
    assert decoded.dtype == np.uint8
    assert np.abs(decoded.astype(int) - image).mean() < 3


def test_quality_is_a_choice() -> None:
    image = smooth(64, 64)

    assert len(encode(image, Codec.JPEG, 20)) < len(encode(image, Codec.JPEG, 95))


@pytest.mark.parametrize("codec", [Codec.RAW, Codec.JPEG])
def test_a_view_into_a_larger_picture_is_encoded_as_itself(codec: Codec) -> None:
    view = smooth(64, 64)[::2, 10:50, ::-1]

    assert encode(view, codec) == encode(view.copy(), codec)


def refused(damaged: Packet) -> str:
    with pytest.raises(WireError) as caught:
        decode(damaged)
    assert "\n" not in str(caught.value)
    return caught.value.reason


def test_a_payload_that_is_not_the_picture_the_header_promises_is_refused() -> None:
    jpeg = encode(smooth(32, 16), Codec.JPEG)

    assert refused(packet(jpeg, Codec.JPEG, 16, 32)) == "bad_payload"
    assert refused(packet(jpeg[: len(jpeg) // 2], Codec.JPEG, 32, 16)) == "bad_payload"
    assert refused(packet(b"", Codec.JPEG, 32, 16)) == "bad_payload"
    assert refused(packet(b"GIF89a", Codec.JPEG, 32, 16)) == "bad_payload"
    assert refused(packet(bytes(32 * 16 * 3 - 1), Codec.RAW, 32, 16)) == "bad_payload"


def test_a_grey_jpeg_becomes_rgb() -> None:
    grey = encode_jpeg(np.full((8, 8, 1), 77, np.uint8), 90, "GRAY", "Gray")

    assert (decode(packet(grey, Codec.JPEG, 8, 8)) == 77).all()


def test_no_more_pixels_than_the_limit_are_decoded() -> None:
    small = packet(encode(smooth(8, 8), Codec.JPEG), Codec.JPEG, 8, 8)
    huge = small._replace(header=small.header._replace(width=65535, height=65535))

    assert MAX_PIXELS < 65535 * 65535
    assert refused(huge) == "too_large"


def test_a_progressive_jpeg_is_read_and_one_of_many_scans_is_not_even_begun() -> None:
    """Each scan of a few bytes costs as much as the whole picture: thousands of them, hours."""
    image = smooth(64, 64)
    asked = [cv2.IMWRITE_JPEG_PROGRESSIVE, 1, cv2.IMWRITE_JPEG_QUALITY, 90]
    jpeg = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), asked)[1].tobytes()
    decoded = decode(packet(jpeg, Codec.JPEG, 64, 64))
    assert np.abs(decoded.astype(int) - image).mean() < 6

    last = jpeg[jpeg.rindex(b"\xff\xda") : -2]
    bomb = jpeg[:-2] + MOST_SCANS * last + b"\xff\xd9"
    with pytest.raises(WireError, match=r"a JPEG of \d+ scans, 32 at most"):
        decode(packet(bomb, Codec.JPEG, 64, 64))


def test_one_picture_of_h264_alone_is_refused_in_words_both_ways() -> None:
    with pytest.raises(UsageError, match="use an Encoder"):
        encode(smooth(8, 8), Codec.H264)
    assert refused(packet(b"\0\0\0\1", Codec.H264, 8, 8)) == "bad_codec"


@pytest.mark.parametrize("codec", list(Codec))
def test_a_stream_comes_back_picture_by_picture(codec: Codec) -> None:
    encoder, decoder = Encoder(codec), Decoder()
    for width, height in ((64, 48), (64, 48), (31, 17)):
        image = smooth(width, height)
        payload, flags = encoder.encode(image, key=False)
        decoded = decoder.decode(packet(payload, codec, width, height, flags))
        assert decoded.shape == image.shape
        assert np.abs(decoded.astype(int) - image).mean() < 6


def test_after_a_damaged_picture_of_h264_only_a_key_picture_is_decoded() -> None:
    encoder, decoder, image = Encoder(Codec.H264), Decoder(), smooth(32, 16)

    def give(payload: bytes, flags: Flag) -> Image:
        return decoder.decode(packet(payload, Codec.H264, 32, 16, flags))

    first = encoder.encode(image, key=False)
    second = encoder.encode(image, key=False)
    give(*first)
    for damaged in (b"GIF89a", b"", first[0][: len(first[0]) // 4]):
        for payload in (damaged, second[0]):
            with pytest.raises(WireError) as caught:
                give(payload, Flag.NONE)
            assert caught.value.reason == "bad_payload"
    assert np.abs(give(*encoder.encode(image, key=True)).astype(int) - image).mean() < 6


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.data())
def test_a_jpeg_damaged_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    jpeg = encode(smooth(24, 24), Codec.JPEG)
    start = data.draw(st.integers(0, len(jpeg)))
    damage = data.draw(st.binary(max_size=8))
    damaged = jpeg[:start] + damage + jpeg[start + data.draw(st.integers(0, 8)) :]

    try:
        reason, shape = None, decode(packet(damaged, Codec.JPEG, 24, 24)).shape
    except WireError as error:
        reason, shape = error.reason, None
    assert (reason, shape) in (("bad_payload", None), (None, (24, 24, 3)))
