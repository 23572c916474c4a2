"""The test vectors: that they are what their script writes, and that the reference reads them."""

from __future__ import annotations

import re

import pytest

from realtime.codec import Decoder
from realtime.errors import WireError
from realtime.frame import Image
from realtime.wire import REASONS, Header, Packet, parse, seq_gap
from tests.vectors import make
from tests.vectors.read import Block, blocks, message, same

EXPECTED = blocks(make.HERE / "expected.txt")


def describe(name: str, packet: Packet, image: Image, last: Header | None) -> Block:
    """What the reference makes of a message, as expected.txt says it."""
    header = packet.header
    same_stream = last is not None and last.stream_id == header.stream_id
    height, width, _ = image.shape
    spots = [(row * height // 4, column * width // 4) for row in (1, 3) for column in (1, 3)]
    fields = {name: int(getattr(header, name)) for name in Header._fields}
    told = fields | {
        "lost": seq_gap(last.seq, header.seq) if last is not None and same_stream else 0,
        "restart": int(last is not None and not same_stream),
        "picture": " ".join(",".join(map(str, image[spot].tolist())) for spot in spots),
    }
    return {"name": name, "result": "ok", "topic": packet.topic} | {
        key: str(value) for key, value in told.items()
    }


def test_the_reference_reads_every_vector_as_expected() -> None:
    last: Header | None = None
    decoder = Decoder()
    for expected in EXPECTED:
        name = expected["name"]
        try:
            packet = parse(message(make.HERE / f"{name}.msg"))
            told = describe(name, packet, decoder.decode(packet), last)
            last = packet.header
        except WireError as error:
            told = {"name": name, "result": error.reason}
        same(told, expected)


def test_the_files_are_what_the_script_writes() -> None:
    """Bytes laid out by hand: a change of the wire shows here, and needs another version."""
    files = make.files()

    assert {path.name for path in make.HERE.glob("*.msg")} | {"expected.txt"} == set(files)
    for name, content in files.items():
        assert (make.HERE / name).read_bytes() == content, name


def test_every_reason_to_refuse_a_picture_has_a_vector() -> None:
    assert {block["result"] for block in EXPECTED} == {"ok", *REASONS} - {"bad_info"}


def test_every_field_and_every_reason_is_documented() -> None:
    text = (make.HERE.parents[1] / "docs" / "protocol.md").read_text(encoding="utf-8")
    for name in {*REASONS} - {"bad_info"}:
        assert f"`{name}`" in text
    rows = re.findall(r"^\| (\d+) \| [^|]+ \| ([^|]+) \|", text, re.MULTILINE)
    assert [int(offset) for offset, _ in rows[:18]] == [
        *(0, 4, 5, 6, 7, 8, 12, 16, 24, 32, 40, 42, 44, 46, 48, 52, 56, 60),
    ]


def test_a_wrong_reader_is_found_out() -> None:
    """The comparison itself can fail."""
    good = next(block for block in EXPECTED if block["name"] == "jpeg")
    same(good | {"picture": "201,40,30 40,160,60 50,70,190 220,210,90"}, good)
    for wrong in ({"seq": "0"}, {"picture": "206,40,30 40,160,60 50,70,190 220,210,90"}):
        with pytest.raises(AssertionError):
            same(good | wrong, good)
