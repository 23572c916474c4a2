"""The wire, version 1: how a picture and its times become bytes and back. No I/O happens here.

A picture travels as one ZeroMQ message of three parts, `topic, header, payload`. For clients that
keep only the newest message (ZMQ_CONFLATE takes single parts only) the same bytes travel as one
part, `topic|header|payload`. That form is unambiguous: a topic never contains the magic `AVF1`
(`check_stream` refuses such a name), so the topic ends where the magic first appears, the header's
own length says where the payload begins, and the payload's length where it must end.

The header is 64 bytes, little-endian: magic `AVF1`, version (u8), header length / 4 (u8), codec
and flags (u8), then the numbers in the order of `_NUMBERS`; four reserved bytes close it. A later
minor change may append fields: readers skip what they do not know by the header's length.

A message on the topic `info/<stream>` is JSON: two parts `topic, json`, or one part `topic|json`
where the topic ends at the first `{`.

Whatever is wrong with received bytes, `parse` and `parse_info` raise `WireError` and nothing else;
its `reason` is one of `REASONS`.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from enum import IntEnum, IntFlag
from operator import itemgetter
from typing import Any, Literal, NamedTuple

from zlib_ng import zlib_ng

from realtime.errors import WireError
from realtime.topic import AVATAR_PREFIX, INFO_PREFIX, LONGEST_TOPIC, parse_topic

Form = Literal["multipart", "single"]
"""How many parts a message has: `topic, header, payload`, or all in one."""

MAGIC = b"AVF1"
VERSION = 1
HEADER_BYTES = 64
MAX_PAYLOAD_BYTES = 64 << 20
MAX_INFO_BYTES = 1 << 20
REASONS = (
    *("bad_parts", "bad_topic", "bad_info", "bad_magic", "bad_version", "bad_header"),
    *("short_header", "long_header", "short_payload", "long_payload", "too_large"),
    *("bad_codec", "bad_size", "bad_crc", "bad_payload"),
)

_LAYOUT = struct.Struct("<4sBBBBIIQQQHHHHIII4x")
_NUMBERS = (
    *("stream_id", "seq", "capture_us", "publish_us", "pts_us"),
    *("width", "height", "view", "fps_x100", "payload_bytes", "crc32", "infer_us"),
)


class Codec(IntEnum):
    """What the payload is."""

    RAW = 0
    """RGB, 8 bits a channel, row by row from the top left: width * height * 3 bytes."""
    JPEG = 1
    H264 = 2
    """Annex B. A key picture stands for itself, the others build on the one before."""


class Flag(IntFlag):
    """Bits of the header's flags; a reader ignores the ones it does not know."""

    NONE = 0
    KEY = 1
    """The picture can be decoded without any before it."""
    SOURCE_LOST = 2
    """The camera gives no frames: this is the last good picture again, at a low rate."""


# To look one up takes a tenth of the time.
_CODECS = {int(codec): codec for codec in Codec}
_FLAGS = tuple(Flag(bits) for bits in range(256))
_KEY, _SOURCE_LOST = int(Flag.KEY), int(Flag.SOURCE_LOST)

Stamp = tuple[int, int, int]
"""`Header.stream_id`, `seq` and `publish_us`, which the publisher fills in."""


class Header(NamedTuple):
    """What travels with each picture. Give the fields by their names.

    `stream_id`, `seq` and `publish_us` are the publisher's to fill in, `payload_bytes` and `crc32`
    are filled in by `pack_message`.
    """

    codec: Codec
    capture_us: int
    """u64, when the camera's picture was taken: the publisher's clock, microseconds since 1970."""
    pts_us: int
    """u64, the source's own time since its start."""
    width: int
    """u16, pixels, at least 1; `height` likewise."""
    height: int
    infer_us: int
    """u32, how long the model took."""
    flags: Flag = Flag.KEY
    view: int = 0
    """u16, which view of the avatar; 0 is the first, and the only one so far."""
    fps_x100: int = 0
    """u16, hundredths of frames per second that the stream runs at; 0 is unknown."""
    stream_id: int = 0
    """u32, random at each start of a publisher: a new one means that it was restarted."""
    seq: int = 0
    """u32, counts the messages of this stream id and wraps; a gap is a loss on the way."""
    publish_us: int = 0
    """u64, when it was handed to the network; the same clock."""
    payload_bytes: int = 0
    """u32."""
    crc32: int = 0
    """u32, of the payload, as zlib computes it. (So does zlib-ng, in less time.)"""

    @property
    def is_key(self) -> bool:
        """`Flag.KEY` is set. Python takes ten times as long for `in`; so for the next."""
        return bool(int(self.flags) & _KEY)

    @property
    def is_repeat(self) -> bool:
        """`Flag.SOURCE_LOST` is set."""
        return bool(int(self.flags) & _SOURCE_LOST)

    def pack(self, filled_in: Sequence[int] | None = None) -> bytes:
        """The 64 bytes, with the last five fields as `filled_in`. Raises `WireError` ("bad_header")
        for a value out of its field's range."""
        stream_id, seq, publish_us, payload_bytes, crc32 = filled_in or self[-5:]
        try:
            return _LAYOUT.pack(
                *(MAGIC, VERSION, HEADER_BYTES // 4, self.codec, self.flags),
                *(stream_id, seq, self.capture_us, publish_us, self.pts_us),
                *(self.width, self.height, self.view, self.fps_x100),
                *(payload_bytes, crc32, self.infer_us),
            )
        except struct.error as error:
            raise WireError("bad_header", f"cannot pack {self}: {error}") from error


_in_order_of_fields = itemgetter(*map(("codec", "flags", *_NUMBERS).index, Header._fields))


class Packet(NamedTuple):
    """One message that was received and found whole; `realtime.codec.decode` makes it a picture."""

    topic: str
    header: Header
    payload: memoryview

    @property
    def stream(self) -> str:
        """The stream's name."""
        return self.topic.removeprefix(AVATAR_PREFIX)


def seq_gap(last: int, now: int) -> int:
    """How many messages are missing between two that were received in this order."""
    return (now - last - 1) % 2**32


def pack_message(
    topic: str,
    header: Header,
    payload: bytes | memoryview,
    form: Form = "multipart",
    stamp: Stamp | None = None,
) -> list[bytes | memoryview]:
    """The parts to send; the payload's length and CRC are filled in here, and the stamp if given.

    Raises `WireError` for a field out of range or a payload over `MAX_PAYLOAD_BYTES`.
    """
    size = len(payload)
    if size > MAX_PAYLOAD_BYTES:
        raise WireError("too_large", f"a payload of {size} bytes, more than {MAX_PAYLOAD_BYTES}")
    packed = header.pack((*(stamp or header[-5:-2]), size, zlib_ng.crc32(payload)))
    if form == "single":
        return [b"".join((topic.encode(), packed, payload))]
    return [topic.encode(), packed, payload]


def parse(parts: Sequence[bytes | memoryview]) -> Packet:
    """Bytes of either form back into a packet. Raises `WireError`, nothing else."""
    first = bytes(parts[0]) if parts else b""
    if len(parts) == 3:
        raw_topic, head, payload = first, memoryview(parts[1]), memoryview(parts[2])
        header, length = _unpack_header(head)
        if len(head) > length:
            raise WireError("long_header", f"{len(head)} bytes of header, its length says {length}")
    elif len(parts) == 1:
        start = first.find(MAGIC, 0, LONGEST_TOPIC + len(MAGIC))
        if start < 0:
            raise WireError("bad_magic", f"no {MAGIC!r} behind a topic, got {first[:80]!r}")
        raw_topic, rest = first[:start], memoryview(first)[start:]
        header, length = _unpack_header(rest)
        payload = rest[length:]
    else:
        raise WireError("bad_parts", f"a message of {len(parts)} parts, not 3 or 1")
    topic = parse_topic(raw_topic, AVATAR_PREFIX)
    _check_payload(header, payload)
    return Packet(topic=topic, header=header, payload=payload)


def pack_info(topic: str, info: dict[str, Any], form: Form = "multipart") -> list[bytes]:
    """The parts to send. Raises ValueError for what JSON cannot hold, NaN included."""
    parts = [topic.encode(), json.dumps(info, allow_nan=False, separators=(",", ":")).encode()]
    return [b"".join(parts)] if form == "single" else parts


def parse_info(parts: Sequence[bytes | memoryview]) -> tuple[str, dict[str, Any]]:
    """The stream's name and its information. Raises `WireError`, nothing else."""
    if len(parts) == 2:
        raw_topic, body = map(bytes, parts)
    elif len(parts) == 1:
        raw_topic, brace, rest = bytes(parts[0]).partition(b"{")
        body = brace + rest
    else:
        raise WireError("bad_parts", f"an info message of {len(parts)} parts, not 2 or 1")
    topic = parse_topic(raw_topic, INFO_PREFIX)
    if len(body) > MAX_INFO_BYTES:
        raise WireError("too_large", f"{len(body)} bytes of info, more than {MAX_INFO_BYTES}")
    try:
        info = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise WireError("bad_info", f"info is not JSON: {error}") from error
    if not isinstance(info, dict):
        raise WireError("bad_info", f"info is a JSON {type(info).__name__}, not an object")
    return topic.removeprefix(INFO_PREFIX), info


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _unpack_header(data: memoryview) -> tuple[Header, int]:
    """The header at the start of `data`, and how many bytes it takes there."""
    if len(data) < HEADER_BYTES:
        raise WireError("short_header", f"{len(data)} bytes of header, not {HEADER_BYTES}")
    magic, version, quarters, codec, flags, *numbers = _LAYOUT.unpack_from(data)
    if magic != MAGIC:
        raise WireError("bad_magic", f"a header that begins {magic!r}, not {MAGIC!r}")
    if version != VERSION:
        raise WireError("bad_version", f"wire version {version}; this program speaks {VERSION}")
    length = quarters * 4
    if length < HEADER_BYTES:
        raise WireError("bad_header", f"a header length of {length}, less than {HEADER_BYTES}")
    if len(data) < length:
        raise WireError("short_header", f"{len(data)} bytes of header, its length says {length}")
    known = _CODECS.get(codec)
    if known is None:
        raise WireError("bad_codec", f"codec {codec}; a newer program may know it")
    values = (known, _FLAGS[flags], *numbers)
    return Header._make(_in_order_of_fields(values)), length


def _check_payload(header: Header, payload: memoryview) -> None:
    if header.width == 0 or header.height == 0:
        raise WireError("bad_size", f"a picture of {header.width} x {header.height} pixels")
    promised = header.payload_bytes
    if promised > MAX_PAYLOAD_BYTES:
        raise WireError("too_large", f"a payload of {promised} bytes, max {MAX_PAYLOAD_BYTES}")
    if len(payload) != promised:
        reason = "short_payload" if len(payload) < promised else "long_payload"
        raise WireError(reason, f"{len(payload)} bytes of payload, the header says {promised}")
    crc32 = zlib_ng.crc32(payload)
    if crc32 != header.crc32:
        raise WireError("bad_crc", f"payload has crc32 {crc32:08x}, not {header.crc32:08x}")
