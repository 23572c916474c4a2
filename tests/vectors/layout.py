"""One message of the wire, laid out by hand: the bytes, and what a right client makes of them.

From docs/protocol.md alone and not by `realtime.wire`, so that a mistake there shows.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

RAW, JPEG, H264 = 0, 1, 2
KEY, SOURCE_LOST, UNKNOWN_FLAG = 1, 2, 128
STREAM_ID = 0x1A2B3C4D
MAIN = b"avatar/main"

DOTS_PX = (2, 1)
DOTS = bytes((10, 20, 30, 40, 50, 60))
"""The smallest picture that shows which pixel is left: two of them."""
DOTS_SHOWN = "10,20,30 40,50,60 10,20,30 40,50,60"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """One message, and the `key=value` lines that a right client makes of it."""

    name: str
    about: str
    parts: tuple[bytes, ...]
    outcome: dict[str, object]

    def message(self) -> bytes:
        """The content of its file."""
        return b"".join(struct.pack("<I", len(part)) + part for part in self.parts)

    def block(self) -> str:
        """Its block in expected.txt."""
        lines = [f"# {self.about}", f"name={self.name}"]
        lines += [f"{key}={value}" for key, value in self.outcome.items()]
        return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A header's fields as they are written, right or wrong."""

    magic: bytes = b"AVF1"
    version: int = 1
    quarters: int = 16
    """Its length / 4."""
    codec: int = RAW
    flags: int = KEY
    stream_id: int = STREAM_ID
    seq: int = 0
    capture_us: int = 1_767_323_045_000_000
    publish_us: int = 1_767_323_045_012_345
    pts_us: int = 3_333_333
    size_px: tuple[int, int] = DOTS_PX
    view: int = 0
    fps_x100: int = 2997
    payload_bytes: int | None = None
    """None, here and below: the true one."""
    crc32: int | None = None
    infer_us: int = 4321
    tail: bytes = b""

    def pack(self, payload: bytes) -> bytes:
        """The header in front of `payload`."""
        size = len(payload) if self.payload_bytes is None else self.payload_bytes
        crc32 = zlib.crc32(payload) if self.crc32 is None else self.crc32
        return b"".join(
            (
                self.magic,
                struct.pack("<BBBB", self.version, self.quarters, self.codec, self.flags),
                struct.pack("<II", self.stream_id, self.seq),
                struct.pack("<QQQ", self.capture_us, self.publish_us, self.pts_us),
                struct.pack("<HHHH", *self.size_px, self.view, self.fps_x100),
                struct.pack("<IIII", size, crc32, self.infer_us, 0),
                self.tail,
            )
        )

    def told(self, payload: bytes) -> dict[str, object]:
        """Its fields as a client tells them."""
        numbers = ("codec", "flags", "stream_id", "seq", "capture_us", "publish_us", "pts_us")
        return {name: getattr(self, name) for name in numbers} | {
            "width": self.size_px[0],
            "height": self.size_px[1],
            "view": self.view,
            "fps_x100": self.fps_x100,
            "payload_bytes": len(payload),
            "crc32": zlib.crc32(payload),
            "infer_us": self.infer_us,
        }


def accepted(
    name: str,
    about: str,
    head: Head,
    payload: bytes = DOTS,
    shown: str = DOTS_SHOWN,
    *,
    topic: bytes = MAIN,
    lost: int = 0,
    restart: int = 0,
    needs: str | None = None,
) -> Vector:
    """A message that every client takes, or every one that has what is needed: of one part if its
    name ends in "single", else of three. shown, lost, restart, needs: as README.md has them."""
    parts: tuple[bytes, ...] = (topic, head.pack(payload), payload)
    if name.endswith("single"):
        parts = (b"".join(parts),)
    outcome: dict[str, object] = {} if needs is None else {"needs": needs}
    outcome |= {"result": "ok", "topic": topic.decode(), **head.told(payload)}
    outcome |= {"lost": lost, "restart": restart, "picture": shown}
    return Vector(name=name, about=about, parts=parts, outcome=outcome)


def refused(name: str, about: str, reason: str, *parts: bytes, needs: str | None = None) -> Vector:
    """A message that no client takes, or none that has what is needed to tell."""
    outcome: dict[str, object] = {} if needs is None else {"needs": needs}
    return Vector(name=name, about=about, parts=parts, outcome=outcome | {"result": reason})
