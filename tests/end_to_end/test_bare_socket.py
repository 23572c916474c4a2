"""The stream as it is on the cable: ZMTP by hand, compared byte by byte with what libzmq receives.

What holds here holds for NetMQ, JeroMQ and every other ZeroMQ that speaks ZMTP 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
import zmq

from realtime.codec import decode
from realtime.wire import Codec, Flag, parse, parse_info
from tests.end_to_end.bare_client import LONG, MORE, PATIENCE_S, BareClient
from tests.end_to_end.live import SIZE_PX, live_stream, shown_number
from tests.realtime.broadcast import raw_publisher
from tests.vectors.make import vectors

Minor = Literal[0, 1]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with live_stream(tmp_path_factory.mktemp("live")) as (_, address):
        yield address


@pytest.fixture
def subscriber(address: str) -> Iterator[zmq.Socket[bytes]]:
    """libzmq's, for comparison; it is receiving."""
    with zmq.Context() as context, context.socket(zmq.SUB) as subscriber:
        subscriber.setsockopt(zmq.RCVTIMEO, int(PATIENCE_S * 1000))
        subscriber.subscribe("avatar/main")
        subscriber.connect(address)
        subscriber.recv_multipart()
        yield subscriber


def test_the_publisher_greets_as_zmtp_3_without_security(address: str) -> None:
    with BareClient(address) as client:
        assert client.greeting[0] == 0xFF
        assert client.greeting[9] == 0x7F
        assert client.greeting[10] == 3
        assert client.greeting[12:32] == b"NULL".ljust(20, b"\0")
        assert client.ready.startswith(b"\x05READY\x0bSocket-Type\x00\x00\x00\x04XPUB")


@pytest.mark.parametrize("minor", [0, 1])
def test_the_frames_are_topic_header_and_payload(address: str, minor: Minor) -> None:
    with BareClient(address, minor=minor) as client:
        client.subscribe(b"avatar/main")
        (first, topic), (second, header), (third, payload) = (client.frame() for _ in range(3))

    assert (first, topic) == (MORE, b"avatar/main")
    assert (second, len(header)) == (MORE, 64)
    assert (third, len(payload)) == (LONG, 3 * SIZE_PX[0] * SIZE_PX[1])
    packet = parse([topic, header, payload])
    assert (packet.header.width, packet.header.height) == SIZE_PX
    assert (packet.header.codec, packet.header.flags) == (Codec.RAW, Flag.KEY)


@pytest.mark.parametrize("minor", [0, 1])
def test_the_bytes_are_those_that_libzmq_receives(
    address: str, minor: Minor, subscriber: zmq.Socket[bytes]
) -> None:
    with BareClient(address, minor=minor) as client:
        client.subscribe(b"avatar/main")
        ours = [client.message() for _ in range(20)]
        last = parse(ours[-1]).header.seq
        theirs = {}
        while last not in theirs:
            parts = subscriber.recv_multipart()
            theirs[parse(parts).header.seq] = parts

    compared = [parts for parts in ours if parse(parts).header.seq in theirs]
    assert len(compared) >= 10
    assert all(theirs[parse(parts).header.seq] == parts for parts in compared)
    packets = [parse(parts) for parts in ours]
    seqs = [packet.header.seq for packet in packets]
    assert seqs == list(range(seqs[0], seqs[0] + 20))
    numbers = [shown_number(decode(packet)) for packet in packets]
    assert numbers == sorted(set(numbers))


def test_information_comes_at_once_and_as_documented(address: str) -> None:
    with BareClient(address) as client:
        client.subscribe(b"info/main")
        stream, info = parse_info(client.message())

    assert stream == "main"
    assert set(info) == {  # docs/protocol.md has a line for each
        *("schema", "version", "stream", "bundle", "backend", "source", "codec", "fps"),
        *("latency_ms", "dropped", "clock", "subscribers", "trouble", "light", "recording"),
        "backend_trial_ms",
    }
    assert info["schema"] == 1
    assert set(info["source"]) == {"name", "state"}
    assert set(info["fps"]) == {"in", "out"}


def test_every_vector_arrives_as_it_was_sent() -> None:
    with raw_publisher() as publisher, BareClient(publisher.address) as client:
        for topic in (b"", b"info/"):  # everything; and a second one, which it waits for
            client.subscribe(topic)
        publisher.wait_for_subscriber()
        for vector in vectors():
            publisher.send(*vector.parts)
            assert client.message() == list(vector.parts), vector.name
