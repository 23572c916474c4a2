"""The sending end, on real sockets: who listens is known, whatever the peers send."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
import zmq
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.connections import Connections
from realtime.errors import AddressError, UsageError
from realtime.frame import unix_us
from realtime.publisher import MAX_INCOMING_BYTES, QUEUED_MESSAGES, Publisher
from realtime.wire import Codec, Flag, Form, Header, parse, parse_info

PATIENCE_S = 10.0
Subscribe = Callable[..., zmq.Socket[bytes]]
HEADER = Header(codec=Codec.RAW, capture_us=1, pts_us=2, width=1, height=1, infer_us=3)
PIXEL = b"rgb"


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    publisher = Publisher("tcp://127.0.0.1:0")
    yield publisher
    publisher.close()


@pytest.fixture
def subscribe() -> Iterator[Subscribe]:
    """A function that connects a subscriber to a publisher."""
    with zmq.Context() as context, ExitStack() as opened:

        def connect(publisher: Publisher, *topics: str, **options: int) -> zmq.Socket[bytes]:
            subscriber = opened.enter_context(context.socket(zmq.SUB))
            for name, value in ({"RCVTIMEO": int(PATIENCE_S * 1000)} | options).items():
                subscriber.setsockopt(getattr(zmq, name), value)
            subscriber.connect(publisher.address)
            for topic in topics:
                subscriber.subscribe(topic)
            return subscriber

        yield connect


class RawPeer:
    """A peer that speaks the protocol of ZeroMQ by hand, and so can send what no socket would."""

    def __init__(self, publisher: Publisher) -> None:
        host, port = publisher.address.removeprefix("tcp://").split(":")
        self._socket = socket.create_connection((host, int(port)), PATIENCE_S)
        greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
        self._socket.sendall(greeting)
        self._receive(64)
        ready = b"\x05READY\x0bSocket-Type" + struct.pack(">I", 3) + b"SUB"
        self._socket.sendall(bytes([4, len(ready)]) + ready)
        self._receive(self._receive(2)[1])

    def _receive(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            data += self._socket.recv(count - len(data))
        return data

    def send(self, message: bytes) -> None:
        self._socket.sendall(b"\x02" + struct.pack(">Q", len(message)) + message)

    def is_disconnected(self) -> bool:
        try:
            return self._socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        self._socket.close()


class OldPeer:
    """A subscriber that speaks ZMTP 2.0, as libzmq 3.2 does."""

    def __init__(self, publisher: Publisher) -> None:
        host, port = publisher.address.removeprefix("tcp://").split(":")
        self._socket = socket.create_connection((host, int(port)), PATIENCE_S)
        signature = b"\xff" + (1).to_bytes(8, "big") + b"\x7f"
        self._socket.sendall(signature + b"\x01\x02" + b"\0\0")  # revision, SUB, no name
        self._stream = self._socket.makefile("rb")
        self._stream.read(10 + 2)  # the publisher's signature, revision and type
        assert self._frame() == b""  # its name

    def subscribe(self, topic: bytes) -> None:
        self._socket.sendall(bytes([0, 1 + len(topic)]) + b"\1" + topic)

    def receive(self) -> list[bytes]:
        return [self._frame() for _ in range(3)]

    def _frame(self) -> bytes:
        _, size = self._stream.read(2)
        return self._stream.read(size)

    def close(self) -> None:
        self._stream.close()
        self._socket.close()


def settle(publisher: Publisher, subscribers: int) -> None:
    """Poll until the publisher counts so many subscribers."""
    deadline_s = time.monotonic() + PATIENCE_S
    while publisher.subscribers != subscribers:
        assert time.monotonic() < deadline_s, publisher.subscribers
        publisher.poll(20)


def wait_for_newcomer(publisher: Publisher) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not publisher.poll(20):
        assert time.monotonic() < deadline_s


@pytest.mark.parametrize("form", ["multipart", "single"])
def test_pictures_arrive_numbered_and_stamped(form: Form, subscribe: Subscribe) -> None:
    publisher = Publisher("tcp://127.0.0.1:0", "left", form)
    try:
        subscriber = subscribe(publisher, "avatar/left")
        settle(publisher, 1)
        before_us = unix_us()
        for _ in range(3):
            publisher.send(HEADER, PIXEL)

        packets = [parse(subscriber.recv_multipart()) for _ in range(3)]
    finally:
        publisher.close()

    assert [packet.header.seq for packet in packets] == [0, 1, 2]
    assert {packet.header.stream_id for packet in packets} == {publisher.stream_id}
    assert all(before_us <= packet.header.publish_us <= unix_us() for packet in packets)
    assert all(packet.stream == "left" and packet.payload == PIXEL for packet in packets)
    assert publisher.sent == 3


def test_single_part_messages_suit_a_subscriber_that_keeps_only_the_newest(
    subscribe: Subscribe,
) -> None:
    publisher = Publisher("tcp://127.0.0.1:0", wire="single")
    try:
        subscriber = subscribe(publisher, "avatar/main", CONFLATE=1)
        settle(publisher, 1)
        for _ in range(QUEUED_MESSAGES):
            publisher.send(HEADER, PIXEL)
        deadline_s = time.monotonic() + PATIENCE_S
        seq = -1
        while seq != QUEUED_MESSAGES - 1:
            assert time.monotonic() < deadline_s
            seq = parse([subscriber.recv()]).header.seq
    finally:
        publisher.close()


def test_info_goes_to_its_own_topic(publisher: Publisher, subscribe: Subscribe) -> None:
    subscriber = subscribe(publisher, "info/main")
    wait_for_newcomer(publisher)

    publisher.send(HEADER, PIXEL)
    publisher.send_info({"fps": 30})

    assert parse_info(subscriber.recv_multipart()) == ("main", {"fps": 30})
    assert publisher.subscribers == 0


def test_every_newcomer_is_noticed_also_to_a_topic_that_others_have(
    publisher: Publisher, subscribe: Subscribe
) -> None:
    assert not publisher.poll(0)
    for _ in range(3):
        subscribe(publisher, "info/main")
        wait_for_newcomer(publisher)
        assert not publisher.poll(0)


def test_a_newcomer_wants_a_key_picture_but_not_at_once_after_another(
    publisher: Publisher, subscribe: Subscribe
) -> None:
    assert not publisher.wants_key
    subscribe(publisher, "avatar/main")
    settle(publisher, 1)
    assert publisher.wants_key
    publisher.send(replace(HEADER, flags=Flag.NONE), PIXEL)
    assert publisher.wants_key
    publisher.send(HEADER, PIXEL)
    subscribe(publisher, "avatar/main")
    settle(publisher, 2)
    deadline_s = time.monotonic() + PATIENCE_S
    while not publisher.wants_key:
        assert time.monotonic() < deadline_s


def test_subscribers_are_connections_that_want_the_pictures(
    publisher: Publisher, subscribe: Subscribe
) -> None:
    everything = subscribe(publisher, "", "avatar/", "avatar/main", "info/main")
    settle(publisher, 1)
    twice = subscribe(publisher, "avatar/main", "avatar/main")
    settle(publisher, 2)
    subscribe(publisher, "info/main", "avatar/other", "avatar/main2")
    once = subscribe(publisher, "avatar/main")
    settle(publisher, 3)

    once.unsubscribe("avatar/main")
    settle(publisher, 2)
    once.subscribe("avatar/main")
    settle(publisher, 3)
    twice.close()
    settle(publisher, 2)
    everything.close()
    settle(publisher, 1)
    once.close()
    settle(publisher, 0)


def test_a_descriptor_that_is_used_again_is_another_connection(
    publisher: Publisher, subscribe: Subscribe
) -> None:
    stays = subscribe(publisher, "avatar/main")
    settle(publisher, 1)
    for _ in range(5):
        leaves = subscribe(publisher, "avatar/main")
        settle(publisher, 2)
        leaves.close()
        settle(publisher, 1)

    publisher.send(HEADER, PIXEL)

    assert parse(stays.recv_multipart()).payload == PIXEL


def test_no_peer_can_silence_the_stream_for_another(
    publisher: Publisher, subscribe: Subscribe
) -> None:
    subscribe(publisher, "avatar/main")
    settle(publisher, 1)
    peer = RawPeer(publisher)
    for message in (b"\0avatar/main", b"\0avatar/main", b"\0", b"", b"\1", b"\2avatar/main"):
        peer.send(message)
    settle(publisher, 2)  # by the b"\1", which asks for everything; all before it is taken in

    peer.close()

    settle(publisher, 1)


def test_a_peer_that_sends_too_much_loses_its_connection_and_no_other(
    publisher: Publisher, subscribe: Subscribe
) -> None:
    subscriber = subscribe(publisher, "avatar/main")
    settle(publisher, 1)
    peer = RawPeer(publisher)
    peer.send(b"\1" + bytes(MAX_INCOMING_BYTES))

    assert peer.is_disconnected()
    peer.close()
    publisher.poll(0)
    publisher.send(HEADER, PIXEL)
    assert parse(subscriber.recv_multipart()).payload == PIXEL


def test_a_peer_older_than_zmtp_3_is_a_subscriber_until_it_leaves(
    publisher: Publisher, subscribe: Subscribe
) -> None:
    peer = OldPeer(publisher)
    peer.subscribe(b"avatar/main")
    wait_for_newcomer(publisher)
    assert publisher.subscribers == 1
    current = subscribe(publisher, "avatar/main")
    settle(publisher, 2)

    publisher.send(HEADER, PIXEL)
    assert parse(peer.receive()).payload == PIXEL

    current.close()
    settle(publisher, 1)
    peer.close()
    settle(publisher, 0)
    subscribe(publisher, "info/main")  # another one, of which nothing is known at first
    wait_for_newcomer(publisher)
    assert publisher.subscribers == 0


def test_a_subscriber_that_never_reads_holds_nobody_up(
    publisher: Publisher, subscribe: Subscribe
) -> None:
    subscribe(publisher, "avatar/main", RCVHWM=1, RCVBUF=4096)
    settle(publisher, 1)
    large = bytes(1 << 20)

    for _ in range(100):
        publisher.send(HEADER, large)

    assert publisher.sent == 100


def test_each_start_is_another_stream_id() -> None:
    started = [Publisher("tcp://127.0.0.1:0") for _ in range(3)]
    for publisher in started:
        publisher.close()
        publisher.close()  # once more does no harm

    assert len({publisher.stream_id for publisher in started}) == 3


def test_a_busy_port_is_refused_in_one_line(publisher: Publisher) -> None:
    with pytest.raises(AddressError, match="another program already does") as caught:
        Publisher(publisher.address)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("bind", ["tcp://0.0.0.0:0", "tcp://*:0", "tcp://192.0.2.1:5555"])
def test_other_machines_are_let_in_only_on_request(bind: str) -> None:
    with pytest.raises(AddressError, match="--insecure"):
        Publisher(bind)


def test_insecure_listens_everywhere() -> None:
    publisher = Publisher("tcp://0.0.0.0:0", insecure=True)
    publisher.close()

    assert publisher.address.startswith("tcp://0.0.0.0:")


def test_a_name_that_no_stream_can_have_is_refused() -> None:
    with pytest.raises(UsageError, match="choose another"):
        Publisher("tcp://127.0.0.1:0", "a/b")


messages = st.one_of(
    st.binary(max_size=12),
    st.builds(
        bytes.__add__,
        st.sampled_from([b"\0", b"\1"]),
        st.sampled_from([b"", b"a", b"a/m", b"a/main", b"i/main", b"x"]),
    ),
)
connection_events = st.tuples(
    st.sampled_from(["opened", "closed", "take"]), st.integers(0, 3), messages
)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.lists(connection_events, max_size=40))
def test_connections_hold_what_libzmq_holds(events: list[tuple[str, int, bytes]]) -> None:
    """Against the plainest model: the set of pairs of connection and prefix."""
    connections = Connections((b"a/main", b"i/main"))
    known: set[int] = set()
    held: set[tuple[int, bytes]] = set()

    for event, descriptor, message in events:
        if event == "take":
            if message[:1] == b"\1" and descriptor in known:
                held.add((descriptor, message[1:]))
            elif message[:1] == b"\0":
                held.discard((descriptor, message[1:]))
            connections.take(descriptor, message)
        else:
            held = {pair for pair in held if pair[0] != descriptor}
            (known.add if event == "opened" else known.discard)(descriptor)
            getattr(connections, event)(descriptor)

        for topic in (b"a/main", b"i/main"):
            wanting = {peer for peer, prefix in held if topic.startswith(prefix)}
            assert connections.count(topic) == len(wanting)
