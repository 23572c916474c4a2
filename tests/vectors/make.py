"""Writes the test vectors beside this file: messages of the wire, and what they mean.

    python -m tests.vectors.make

README.md beside this file tells how the files are read.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

from tests.vectors.layout import (
    DOTS,
    H264,
    JPEG,
    KEY,
    MAIN,
    RAW,
    SOURCE_LOST,
    STREAM_ID,
    UNKNOWN_FLAG,
    Head,
    Vector,
    accepted,
    refused,
)

HERE = Path(__file__).parent
PICTURE_PX = (64, 32)
QUARTERS = ((200, 40, 30), (40, 160, 60), (50, 70, 190), (220, 210, 90))
"""RGB of the picture's quarters: top left, top right, bottom left, bottom right."""
GOOD = Head().pack(DOTS)


def picture_raw() -> bytes:
    """The picture as raw RGB."""
    width, height = PICTURE_PX
    rows = [
        b"".join(bytes(colour) * (width // 2) for colour in pair)
        for pair in (QUARTERS[:2], QUARTERS[2:])
    ]
    return rows[0] * (height // 2) + rows[1] * (height // 2)


def picture_jpeg() -> bytes:
    """The picture as JPEG: kept as a file, as all here that an encoder made: no two agree."""
    return (HERE / "picture.jpg").read_bytes()


def pictures() -> Iterator[Vector]:
    """The same picture in each codec and form."""
    shown = " ".join(",".join(map(str, colour)) for colour in QUARTERS)
    for name, about, codec, payload, seq in (
        ("raw", "four flat quarters as raw RGB, in 3 parts", RAW, picture_raw(), 100),
        ("raw_single", "the same in one part", RAW, picture_raw(), 101),
        ("jpeg", "the same picture as JPEG, in 3 parts", JPEG, picture_jpeg(), 102),
        ("jpeg_single", "the same in one part", JPEG, picture_jpeg(), 103),
    ):
        head = Head(codec=codec, seq=seq, size_px=PICTURE_PX)
        yield accepted(name, about, head, payload, shown)


def unusual() -> Iterator[Vector]:
    """What a client meets rarely, and must take."""
    longer = Head(seq=104, quarters=18, tail=b"\1\2\3\4\5\6\7\x08")
    yield accepted("longer_header", "8 bytes that a later version added: skip them", longer)
    longer = Head(seq=105, quarters=18, tail=b"AVF1tail")
    yield accepted("longer_header_single", "the same, with the magic in the 8 bytes", longer)
    lost = Head(seq=106, flags=KEY | SOURCE_LOST)
    yield accepted("source_lost", "flag 2: the camera is gone, its last picture again", lost)
    unknown = Head(seq=107, flags=KEY | UNKNOWN_FLAG)
    yield accepted("unknown_flag", "a flag bit that means nothing yet: ignore it", unknown)
    letters = "65,86,70 49,65,86 70,49,65 86,70,49"
    about = "the topic ends at the first magic, and the payload is full of it"
    square = Head(seq=108, size_px=(2, 2))
    yield accepted("magic_in_payload_single", about, square, b"AVF1" * 3, letters)
    topic = b"avatar/Left-eye_2.b"
    yield accepted("odd_topic", "every sort of letter of a name", Head(seq=109), topic=topic)
    topic = b"avatar/" + b"n" * 64
    about = "a name of 64 letters, the most there may be"
    yield accepted("longest_topic_single", about, Head(seq=110), topic=topic)
    every = Head(
        seq=111,
        capture_us=0x00_11_12_13_14_15_16_17,
        publish_us=0x00_18_19_1A_1B_1C_1D_1E,
        pts_us=0x00_03_32_33_34_35_36_37,
        size_px=(3, 2),
        view=0x6162,
        fps_x100=0xF172,
        infer_us=0x81828384,
    )
    about = "another byte in each place, so that none is taken for its neighbour"
    shown = "0,1,2 6,7,8 9,10,11 15,16,17"
    yield accepted("every_field", about, every, bytes(range(18)), shown)


def numbering() -> Iterator[Vector]:
    """What seq and stream id tell; each follows on the one before."""
    last = 2**32 - 1
    for name, about, stream_id, seq, lost, restart in (
        ("gap", "two messages are missing before this one", STREAM_ID, 114, 2, 0),
        ("restart", "a new stream id: the publisher was restarted, no loss", 77, 0, 0, 1),
        ("before_wrap", "another one, at the last number", last, last, 0, 1),
        ("after_wrap", "the number after the last one is 0", last, 0, 0, 0),
        ("gap_after_wrap", "one message is missing", last, 2, 1, 0),
    ):
        head = Head(stream_id=stream_id, seq=seq)
        yield accepted(name, about, head, lost=lost, restart=restart)


def video() -> Iterator[Vector]:
    """H.264: the picture, then a second one that builds on it. They follow on `numbering`."""
    upside_down = (*QUARTERS[2:], *QUARTERS[:2])
    for name, about, flags, file, quarters, seq in (
        ("h264", "the picture as H.264, a key picture", KEY, "key.h264", QUARTERS, 3),
        ("h264_delta", "it upside down, builds on it", 0, "delta.h264", upside_down, 4),
    ):
        head = Head(stream_id=2**32 - 1, codec=H264, flags=flags, seq=seq, size_px=PICTURE_PX)
        shown = " ".join(",".join(map(str, colour)) for colour in quarters)
        payload = (HERE / file).read_bytes()
        yield accepted(name, about, head, payload, shown, needs="h264")
    head = Head(codec=H264, size_px=PICTURE_PX)
    parts = (MAIN, head.pack(b"GIF89a"), b"GIF89a")
    yield refused("no_h264", "a payload that is no H.264", "bad_payload", *parts, needs="h264")


def bad_headers() -> Iterator[Vector]:
    over = Head(payload_bytes=(64 << 20) + 1)
    big = Head(codec=JPEG, size_px=(4097, 4096))
    for name, about, reason, head in (
        ("bad_magic", "not the magic", "bad_magic", Head(magic=b"AVF2")),
        ("version_2", "a version that is not this one", "bad_version", Head(version=2)),
        ("header_length_60", "its length says 60", "bad_header", Head(quarters=15)),
        ("header_cut_tail", "its length says 72, it has 64", "short_header", Head(quarters=18)),
        ("unknown_codec", "a codec that is none", "bad_codec", Head(codec=3)),
        ("zero_width", "no pixels", "bad_size", Head(size_px=(0, 1))),
        ("zero_height", "no pixels", "bad_size", Head(size_px=(2, 0))),
        ("huge_payload", "it promises 64 MiB + 1 byte", "too_large", over),
        ("huge_picture", "more than 4096 x 4096 pixels", "too_large", big),
        ("bad_crc", "one bit of the CRC", "bad_crc", Head(crc32=zlib.crc32(DOTS) ^ 1)),
    ):
        yield refused(name, about, reason, MAIN, head.pack(DOTS), DOTS)
    yield refused("short_header", "63 bytes", "short_header", MAIN, GOOD[:-1], DOTS)
    yield refused(
        "long_header", "its length says 64, it has 65", "long_header", MAIN, GOOD + b"\0", DOTS
    )


def bad_payloads() -> Iterator[Vector]:
    cut, long = DOTS[:-1], DOTS + b"\0"
    flipped = bytes((DOTS[0] ^ 1,)) + DOTS[1:]
    for name, about, reason, payload in (
        ("short_payload", "its end is missing", "short_payload", cut),
        ("long_payload", "a byte too many", "long_payload", long),
        ("damaged_payload", "one bit of the payload", "bad_crc", flipped),
    ):
        yield refused(name, about, reason, MAIN, GOOD, payload)
        yield refused(f"{name}_single", "in one part", reason, MAIN + GOOD + payload)
    five = Head().pack(cut)
    yield refused("raw_of_another_size", "2 x 1 pixels in 5 bytes", "bad_payload", MAIN, five, cut)


def bad_messages() -> Iterator[Vector]:
    info, json = b"info/main", b'{"schema":1}'
    longest = b"avatar/" + b"n" * 65
    yield refused("two_parts", "no payload", "bad_parts", MAIN, GOOD)
    yield refused("four_parts", "one too many", "bad_parts", MAIN, GOOD, DOTS, b"")
    yield refused("info", "information is no picture", "bad_parts", info, json)
    yield refused("info_single", "in one part", "bad_magic", info + json)
    yield refused("empty_single", "one part of nothing", "bad_magic", b"")
    yield refused("no_topic_single", "header and payload alone", "bad_topic", GOOD + DOTS)
    yield refused("no_name", "a topic without a name", "bad_topic", b"avatar/", GOOD, DOTS)
    yield refused("other_topic", "not one of pictures", "bad_topic", b"audio/main", GOOD, DOTS)
    yield refused("bad_name", "a space in the name", "bad_topic", b"avatar/a b", GOOD, DOTS)
    yield refused("long_name", "65 letters", "bad_topic", longest, GOOD, DOTS)
    yield refused("long_name_single", "in one part", "bad_magic", longest + GOOD + DOTS)


def only_decoders_refuse() -> Iterator[Vector]:
    """Their CRC is right: a reader that decodes no JPEG cannot tell."""
    for name, about, size_px, payload in (
        ("jpeg_of_another_size", "32 x 64 in the header, 64 x 32 in it", (32, 64), picture_jpeg()),
        ("no_jpeg", "a payload that is no JPEG", PICTURE_PX, b"GIF89a"),
    ):
        head = Head(codec=JPEG, size_px=size_px).pack(payload)
        yield refused(name, about, "bad_payload", MAIN, head, payload, needs="jpeg")


def vectors() -> list[Vector]:
    """All of them, in the order in which they are to be read."""
    good = [*pictures(), *unusual(), *numbering()]
    bad = [*bad_headers(), *bad_payloads(), *bad_messages(), *only_decoders_refuse()]
    return [*good, *bad, *video()]


def files() -> dict[str, bytes]:
    """What belongs in this folder: name -> content."""
    content = {f"{vector.name}.msg": vector.message() for vector in vectors()}
    expected = "\n".join(vector.block() for vector in vectors())
    return content | {"expected.txt": expected.encode("ascii")}


if __name__ == "__main__":
    for old in HERE.glob("*.msg"):
        old.unlink()
    for name, content in files().items():
        (HERE / name).write_bytes(content)
