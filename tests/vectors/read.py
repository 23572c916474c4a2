"""Reads the test vectors, and compares with them what a reader made of a message."""

from __future__ import annotations

from pathlib import Path

Block = dict[str, str]
"""The `key=value` lines of one message."""

LOSSY_TOLERANCE = 4


def message(path: Path) -> list[bytes]:
    """The parts of a message."""
    content, parts = path.read_bytes(), []
    while content:
        end = 4 + int.from_bytes(content[:4], "little")
        parts.append(content[4:end])
        content = content[end:]
    return parts


def parse_blocks(text: str) -> list[Block]:
    """`key=value` lines in blocks, with blank lines between them and comments in them."""
    return [
        dict(line.split("=", 1) for line in block.splitlines() if not line.startswith("#"))
        for block in text.strip().split("\n\n")
    ]


def blocks(path: Path) -> list[Block]:
    """What is expected of all messages, in order."""
    return parse_blocks(path.read_text(encoding="ascii"))


def same(told: Block, expected: Block) -> None:
    """Fails unless a reader told what is expected; decoders of JPEG and H.264 may differ a little.

    A reader that tells no picture of a JPEG decodes none.
    """
    jpeg = expected.get("codec") == "1"
    tolerance = LOSSY_TOLERANCE * (expected.get("codec") != "0")
    assert without(told, "picture", "needs") == without(expected, "picture", "needs")
    if "picture" in expected and not (jpeg and "picture" not in told):
        pairs = zip(_values(told["picture"]), _values(expected["picture"]), strict=True)
        assert all(abs(a - b) <= tolerance for a, b in pairs), (told, expected)


def without(block: Block, *keys: str) -> Block:
    """A block less some of its lines."""
    return {key: value for key, value in block.items() if key not in keys}


def _values(picture: str) -> list[int]:
    return [int(value) for value in picture.replace(" ", ",").split(",")]
