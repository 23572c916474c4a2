"""`mutated`: a good input made bad, the same way for the same seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

_TOKENS = (
    *(b"\x00", b"\xff", b"\x7f", b"\x80", b"\xff\xff\xff\xff", b"\x00\x00\x00\x80"),
    *(b"AVF1", b"AVK1", b"avatar/", b"info/", b"PK\x03\x04", b"\xff\xd8", b"../", b"\x00" * 64),
    *(b"{", b"}", b"[", b"]", b'"', b"null", b"NaN", b"1e999", b"-1", b"9" * 30),
    *(b"9" * 400, b"[" * 5000),
)
_MOST_BYTES = 1 << 16


def mutated(seeds: Sequence[bytes], seed: int) -> bytes:
    """One to eight changes to one of `seeds`; every 20th or so is left as it is."""
    chance = random.Random(seed)
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.choice((0, 1, 1, 1, 2, 2, 3, 4, 8))):
        chance.choice(_CHANGES)(chance, data, seeds)
    return bytes(data[:_MOST_BYTES])


def _flip(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _set(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    if data:
        data[chance.randrange(len(data))] = chance.randrange(256)


def _cut(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    start = chance.randint(0, len(data))
    del data[start : start + chance.choice((1, 2, 8, 64, 4096))]


def _double(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    start = chance.randint(0, len(data))
    data[start:start] = data[start : start + chance.choice((1, 4, 32, 256))]


def _insert(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    at = chance.randint(0, len(data))
    data[at:at] = chance.choice(_TOKENS)


def _overwrite(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    token = chance.choice(_TOKENS)
    at = chance.randint(0, len(data))
    data[at : at + len(token)] = token


def _splice(chance: random.Random, data: bytearray, seeds: Sequence[bytes]) -> None:
    other = chance.choice(seeds)
    data[chance.randint(0, len(data)) :] = other[chance.randint(0, len(other)) :]


_CHANGES: tuple[Callable[[random.Random, bytearray, Sequence[bytes]], None], ...] = (
    *(_flip, _set, _cut, _double, _insert, _overwrite, _splice),
)
