"""What the newest picture needs to be decoded: nothing missing, and never without bound."""

from __future__ import annotations

from realtime.client.chain import MOST_PICTURES, Chain, after
from realtime.wire import Codec, Flag, Header, Packet


def packet(seq: int, flags: Flag = Flag.NONE, stream_id: int = 1) -> Packet:
    header = Header(
        codec=Codec.H264,
        flags=flags,
        stream_id=stream_id,
        seq=seq,
        capture_us=0,
        pts_us=0,
        width=2,
        height=2,
        infer_us=0,
    )
    return Packet(topic="avatar/main", header=header, payload=memoryview(b""))


def test_it_is_all_from_the_last_key_picture_on() -> None:
    chain = Chain()
    first, second, third = packet(2**32 - 1, Flag.KEY), packet(0), packet(1, Flag.KEY)

    assert chain.add(first) == (first,)
    assert chain.add(second) == (first, second)
    assert chain.add(third) == (third,)


def test_before_a_key_picture_and_after_a_gap_there_is_nothing() -> None:
    chain = Chain()
    assert chain.add(packet(4)) is None
    chain.add(packet(5, Flag.KEY))
    assert chain.add(packet(7)) is None
    assert chain.add(packet(8)) is None
    chain.add(packet(9, Flag.KEY))
    assert chain.add(packet(10, stream_id=2)) is None


def test_it_does_not_grow_without_bound() -> None:
    chain = Chain()
    chain.add(packet(0, Flag.KEY))
    lengths = [len(chain.add(packet(seq)) or ()) for seq in range(1, MOST_PICTURES + 2)]

    assert max(lengths) == MOST_PICTURES
    assert lengths[-1] == 0


def test_what_was_decoded_is_not_decoded_again() -> None:
    pictures = tuple(packet(seq) for seq in range(4))

    assert after(pictures, None) == pictures
    assert after(pictures, pictures[1]) == pictures[2:]
    assert after(pictures, packet(1)) == pictures  # another one of the same number
