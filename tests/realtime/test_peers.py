"""Who listens is known, whatever the peers send; on real sockets."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.connections import Connections
from realtime.publisher import MAX_INCOMING_BYTES, Publisher
from realtime.wire import parse
from tests.realtime.subscribers import (
    HEADER,
    PIXEL,
    OldPeer,
    RawPeer,
    Subscribe,
    settle,
    wait_for_newcomer,
)


def test_every_newcomer_is_noticed_also_to_a_topic_that_others_have(
    publisher: Publisher, subscribe: Subscribe
) -> None:
    assert not publisher.poll(0)
    for _ in range(3):
        subscribe(publisher, "info/main")
        wait_for_newcomer(publisher)
        assert not publisher.poll(0)


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
