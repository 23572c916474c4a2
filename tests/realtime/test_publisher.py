"""The sending end, on real sockets: what it sends, and where it listens."""

from __future__ import annotations

import time

import pytest

from realtime.errors import AddressError, UsageError
from realtime.frame import unix_us
from realtime.publisher import QUEUED_MESSAGES, Publisher
from realtime.wire import Flag, Form, parse, parse_info
from tests.realtime.subscribers import (
    HEADER,
    PATIENCE_S,
    PIXEL,
    Subscribe,
    settle,
    wait_for_newcomer,
)


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


def test_a_newcomer_wants_a_key_picture_but_not_at_once_after_another(
    publisher: Publisher, subscribe: Subscribe
) -> None:
    assert not publisher.wants_key
    subscribe(publisher, "avatar/main")
    settle(publisher, 1)
    assert publisher.wants_key
    publisher.send(HEADER._replace(flags=Flag.NONE), PIXEL)
    assert publisher.wants_key
    publisher.send(HEADER, PIXEL)
    subscribe(publisher, "avatar/main")
    settle(publisher, 2)
    deadline_s = time.monotonic() + PATIENCE_S
    while not publisher.wants_key:
        assert time.monotonic() < deadline_s


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
