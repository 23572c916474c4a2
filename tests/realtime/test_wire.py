"""The wire, byte by byte: what is written, what is read back, and that no bytes can do harm."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.errors import UsageError, WireError
from realtime.topic import avatar_topic, info_topic
from realtime.wire import (
    HEADER_BYTES,
    MAX_INFO_BYTES,
    MAX_PAYLOAD_BYTES,
    REASONS,
    Codec,
    Flag,
    Form,
    Header,
    pack_info,
    pack_message,
    parse,
    parse_info,
    seq_gap,
)

fuzz = settings(derandomize=True, deadline=None, max_examples=200)

PAYLOAD = b"what a codec made"
HEADER = Header(
    codec=Codec.JPEG,
    flags=Flag.KEY | Flag.SOURCE_LOST,
    stream_id=0x01020304,
    seq=0xFFFFFFFF,
    capture_us=0x1112131415161718,
    publish_us=0x2122232425262728,
    pts_us=0x3132333435363738,
    width=0x4142,
    height=0x5152,
    view=0x6162,
    fps_x100=0x7172,
    infer_us=0x81828384,
)
MULTIPART = [bytes(part) for part in pack_message("avatar/main", HEADER, PAYLOAD)]


def unsigned(bits: int, least: int = 0) -> st.SearchStrategy[int]:
    return st.integers(least, 2**bits - 1)


headers = st.builds(
    Header,
    codec=st.sampled_from(Codec),
    flags=unsigned(8).map(Flag),
    stream_id=unsigned(32),
    seq=unsigned(32),
    capture_us=unsigned(64),
    publish_us=unsigned(64),
    pts_us=unsigned(64),
    width=unsigned(16, least=1),
    height=unsigned(16, least=1),
    view=unsigned(16),
    fps_x100=unsigned(16),
    infer_us=unsigned(32),
)
streams = st.text("AVF1abz09._-", min_size=1, max_size=64).filter(lambda name: "AVF1" not in name)


def test_the_header_is_the_documented_64_bytes() -> None:
    topic, header, payload = MULTIPART

    assert topic == b"avatar/main"
    assert payload == PAYLOAD
    assert header == b"".join(
        (
            b"AVF1",
            bytes([1, 16, 1, 3]),
            bytes.fromhex("04030201 ffffffff"),
            bytes.fromhex("1817161514131211 2827262524232221 3837363534333231"),
            bytes.fromhex("4241 5251 6261 7271"),
            struct.pack("<II", len(PAYLOAD), zlib.crc32(PAYLOAD)),
            bytes.fromhex("84838281 00000000"),
        )
    )


@fuzz
@given(streams, headers, st.binary(max_size=200), st.sampled_from(["multipart", "single"]))
def test_what_is_packed_comes_back(stream: str, header: Header, payload: bytes, form: Form) -> None:
    parts = [bytes(part) for part in pack_message(avatar_topic(stream), header, payload, form)]

    packet = parse(parts)

    assert len(parts) == (1 if form == "single" else 3)
    assert packet.stream == stream
    assert packet.payload == payload
    assert packet.header == header._replace(payload_bytes=len(payload), crc32=zlib.crc32(payload))


@pytest.mark.parametrize("form", ["multipart", "single"])
def test_an_unknown_tail_of_the_header_is_skipped(form: Form) -> None:
    topic, header, payload = MULTIPART
    longer = header[:5] + bytes([HEADER_BYTES // 4 + 2]) + header[6:] + b"AVF1tail"
    parts = [topic, longer, payload]

    packet = parse([b"".join(parts)] if form == "single" else parts)

    assert packet.payload == PAYLOAD
    assert packet.header == parse(MULTIPART).header


def test_a_payload_that_looks_like_a_message_is_a_payload() -> None:
    inner = b"".join(MULTIPART)

    (whole,) = pack_message("avatar/main", HEADER, inner, "single")

    assert parse([bytes(whole)]).payload == inner


def with_byte(offset: int, *values: int) -> Callable[[bytes], bytes]:
    return lambda header: header[:offset] + bytes(values) + header[offset + len(values) :]


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("bad_magic", with_byte(0, 0)),
        ("bad_version", with_byte(4, 2)),
        ("bad_header", with_byte(5, 15)),
        ("short_header", with_byte(5, 255)),
        ("bad_codec", with_byte(6, 3)),
        ("bad_size", with_byte(40, 0, 0)),
        ("bad_size", with_byte(42, 0, 0)),
        ("short_payload", with_byte(48, len(PAYLOAD) + 1)),
        ("long_payload", with_byte(48, len(PAYLOAD) - 1)),
        ("too_large", with_byte(48, *struct.pack("<I", MAX_PAYLOAD_BYTES + 1))),
        ("bad_crc", with_byte(52, 0)),
        ("short_header", lambda header: header[:-1]),
    ],
)
def test_a_damaged_header_is_refused_in_both_forms(
    reason: str, change: Callable[[bytes], bytes]
) -> None:
    topic, header, payload = MULTIPART
    parts = [topic, change(header), payload]
    single_payload = b"" if len(parts[1]) < HEADER_BYTES else payload

    for form in (parts, [topic + parts[1] + single_payload]):
        with pytest.raises(WireError) as caught:
            parse(form)
        assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("reason", "parts"),
    [
        ("bad_parts", []),
        ("bad_parts", MULTIPART[:2]),
        ("bad_parts", [*MULTIPART, b""]),
        ("long_header", [MULTIPART[0], MULTIPART[1] + b"\0", MULTIPART[2]]),
        ("bad_topic", [b"", *MULTIPART[1:]]),
        ("bad_topic", [b"avatar/", *MULTIPART[1:]]),
        ("bad_topic", [b"info/main", *MULTIPART[1:]]),
        ("bad_topic", [b"avatar/m\xc3\xa4in", *MULTIPART[1:]]),
        ("bad_topic", [b"avatar/" + b"a" * 65, *MULTIPART[1:]]),
        ("bad_topic", [b"".join(MULTIPART[1:])]),
        ("bad_magic", [b""]),
        ("bad_magic", [b"avatar/main"]),
        ("bad_magic", [b"a" * 1000 + b"".join(MULTIPART[1:])]),
        ("short_payload", [b"".join(MULTIPART)[:-1]]),
        ("long_payload", [b"".join(MULTIPART) + b"\0"]),
        ("bad_crc", [*MULTIPART[:2], PAYLOAD[:-1] + b"!"]),
    ],
)
def test_what_is_no_message_is_refused(reason: str, parts: list[bytes]) -> None:
    with pytest.raises(WireError) as caught:
        parse(parts)

    assert caught.value.reason == reason
    assert "\n" not in str(caught.value)


@fuzz
@given(st.lists(st.binary(max_size=150), max_size=4))
def test_random_bytes_are_refused_and_nothing_worse(parts: list[bytes]) -> None:
    for read in (parse, parse_info):
        with pytest.raises(WireError) as caught:
            read(parts)
        assert caught.value.reason in REASONS


@fuzz
@given(st.data())
def test_a_message_changed_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    parts = MULTIPART if data.draw(st.booleans()) else [b"".join(MULTIPART)]
    which = data.draw(st.integers(0, len(parts) - 1))
    start = data.draw(st.integers(0, len(parts[which])))
    end = data.draw(st.integers(start, min(start + 8, len(parts[which]))))
    changed = parts[which][:start] + data.draw(st.binary(max_size=8)) + parts[which][end:]

    try:
        outcome = bytes(parse([*parts[:which], changed, *parts[which + 1 :]]).payload)
    except WireError as error:
        outcome = error.reason
    assert outcome in (PAYLOAD, *REASONS)


def test_values_that_no_header_holds_are_refused_before_they_are_sent() -> None:
    for wrong in ({"width": 2**16}, {"capture_us": -1}, {"fps_x100": 2**16}):
        with pytest.raises(WireError, match="cannot pack"):
            HEADER._replace(**wrong).pack()
    with pytest.raises(WireError) as caught:
        pack_message("avatar/main", HEADER, bytes(MAX_PAYLOAD_BYTES + 1))
    assert caught.value.reason == "too_large"


@pytest.mark.parametrize("name", ["", "a b", "a/b", "ä", "a" * 65, "xAVF1y", "main\n"])
def test_names_that_no_stream_can_have(name: str) -> None:
    for topic in (avatar_topic, info_topic):
        with pytest.raises(UsageError, match="choose another"):
            topic(name)


@pytest.mark.parametrize(
    ("last", "now", "missing"),
    [(0, 1, 0), (0, 2, 1), (10, 20, 9), (2**32 - 1, 0, 0), (2**32 - 2, 1, 2)],
)
def test_gaps_are_counted_over_the_wrap(last: int, now: int, missing: int) -> None:
    assert seq_gap(last, now) == missing


@pytest.mark.parametrize("form", ["multipart", "single"])
def test_info_comes_back(form: Form) -> None:
    info = {"bundle": "demo@00000000", "fps": 30.5, "nested": {"a": [1, None]}, "text": "ä{"}

    parts = pack_info(info_topic("main"), info, form)

    assert len(parts) == (1 if form == "single" else 2)
    assert parse_info(parts) == ("main", info)


@pytest.mark.parametrize(
    ("reason", "parts"),
    [
        ("bad_parts", [b"info/main", b"{}", b""]),
        ("bad_topic", [b"avatar/main", b"{}"]),
        ("bad_topic", [b"info/", b"{}"]),
        ("bad_info", [b"info/main", b""]),
        ("bad_info", [b"info/main", b"[]"]),
        ("bad_info", [b"info/main", b"\xff{}"]),
        ("bad_info", [b"info/main", b'{"a":NaN}']),
        ("bad_info", [b"info/main", b'{"a":' + b"1" * 10_000 + b"}"]),
        ("bad_info", [b"info/main", b'{"a":' + b"[" * 100_000]),
        ("bad_info", [b"info/main"]),
        ("too_large", [b"info/main", json.dumps({"a": "x" * MAX_INFO_BYTES}).encode()]),
    ],
)
def test_what_is_no_info_is_refused(reason: str, parts: list[bytes]) -> None:
    with pytest.raises(WireError) as caught:
        parse_info(parts)

    assert caught.value.reason == reason
    assert len(str(caught.value)) < 300


def test_info_that_json_cannot_hold_is_not_sent() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        pack_info("info/main", {"fps": float("nan")})
