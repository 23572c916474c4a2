"""The clock's offset: by real pings, and in the arithmetic."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
import zmq
from hypothesis import given, settings
from hypothesis import strategies as st

import realtime.clock
from realtime.address import parse_address
from realtime.clock import STEP_US, ClockClient, ClockServer, OffsetFilter, answer
from realtime.frame import unix_us

PATIENCE_S = 10.0
Context = zmq.Context[zmq.Socket[bytes]]


@pytest.fixture
def context() -> Iterator[Context]:
    with zmq.Context() as context:
        yield context


@pytest.fixture
def server() -> Iterator[ClockServer]:
    with closing(ClockServer("tcp://127.0.0.1:65535")) as server:  # no next port: any will do
        server.start()
        yield server


@pytest.fixture
def client(context: Context, server: ClockServer) -> Iterator[ClockClient]:
    with closing(ClockClient(context, parse_address(server.address))) as client:
        yield client


def connect(context: Context, kind: int, server: ClockServer) -> zmq.Socket[bytes]:
    socket = context.socket(kind)
    socket.setsockopt(zmq.RCVTIMEO, int(PATIENCE_S * 1000))
    socket.connect(server.address)
    return socket


def step_until_measured(client: ClockClient) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while client.offset_us is None:
        assert time.monotonic() < deadline_s
        client.step()
        client.socket.poll(20)


@pytest.mark.parametrize("kind", [zmq.DEALER, zmq.REQ])
def test_a_ping_is_answered_as_documented(context: Context, server: ClockServer, kind: int) -> None:
    before_us = unix_us()

    with connect(context, kind, server) as socket:
        socket.send(b"AVK1" + struct.pack("<Q", 2**64 - 1))
        magic, client_us, receive_us, send_us = struct.unpack("<4sQQQ", socket.recv())

    assert (magic, client_us) == (b"AVK1", 2**64 - 1)
    assert before_us <= receive_us <= send_us <= unix_us()


def test_what_is_no_ping_gets_no_answer(context: Context, server: ClockServer) -> None:
    with connect(context, zmq.DEALER, server) as socket:
        for nonsense in (b"", b"AVK1", b"AVK2" + bytes(8), b"AVK1" + bytes(9)):
            socket.send(nonsense)
        socket.send_multipart([b"a", b"b", b"c", b"AVK1" + bytes(8)])
        socket.send(b"AVK1" + struct.pack("<Q", 7))

        assert struct.unpack("<4sQ", socket.recv()[:12]) == (b"AVK1", 7)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.binary(max_size=40))
def test_random_bytes_are_no_ping(data: bytes) -> None:
    assert answer(data, 1, 2) is None
    assert not OffsetFilter().take(data, 1)


def test_the_offset_of_a_clock_that_is_wrong_is_found(
    client: ClockClient, server: ClockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shifted_us() -> int:
        return unix_us() + (5_000_000 if threading.current_thread() is server else 0)

    monkeypatch.setattr(realtime.clock, "unix_us", shifted_us)
    step_until_measured(client)

    assert client.offset_us is not None
    assert client.round_trip_us is not None
    assert abs(client.offset_us - 5_000_000) <= client.round_trip_us / 2 + 2


def test_the_first_pings_follow_each_other_at_once(client: ClockClient) -> None:
    start_s = time.monotonic()
    while client.answers < ClockClient.EAGER_ANSWERS:
        assert time.monotonic() - start_s < ClockClient.EAGER_ANSWERS - 1, "one a second"
        client.step()
        client.socket.poll(20)


def test_a_server_that_is_not_there_is_waited_for(context: Context) -> None:
    absent = ClockServer("tcp://127.0.0.1:65535")
    absent.close()
    with closing(ClockClient(context, parse_address(absent.address))) as client:
        for _ in range(5):
            client.step()

        assert client.offset_us is None
        assert client.round_trip_us is None


def test_the_server_takes_the_next_port_or_else_another() -> None:
    with closing(ClockServer("tcp://127.0.0.1:65535")) as first:
        taken = parse_address(first.address).port
        beside = f"tcp://127.0.0.1:{taken - 1}"
        with closing(ClockServer(beside)) as second:
            assert parse_address(second.address).port != taken
    with closing(ClockServer(beside)) as third:
        assert parse_address(third.address).port == taken


delays_us = st.integers(0, 200_000)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(
    st.integers(-(10**12), 10**12),
    st.lists(st.tuples(delays_us, delays_us, delays_us), min_size=1, max_size=10),
)
def test_the_offset_is_wrong_by_half_the_shortest_round_trip_at_most(
    offset_us: int, pings: list[tuple[int, int, int]]
) -> None:
    found = OffsetFilter()
    now_us = 10**15
    for there_us, busy_us, back_us in pings:
        ping = found.ping(now_us)
        receive_us = now_us + there_us + offset_us
        now_us += there_us + busy_us + back_us
        pong = answer(ping, receive_us, receive_us + busy_us)
        assert pong is not None
        assert found.take(pong, now_us)

    shortest_us = min(there_us + back_us for there_us, _, back_us in pings)
    assert found.round_trip_us == shortest_us
    assert found.offset_us is not None
    assert abs(found.offset_us - offset_us) <= shortest_us / 2 + 1


def test_old_pings_are_forgotten() -> None:
    found = OffsetFilter(window=2)
    for offset_us, round_trip_us in ((100, 0), (200, 10), (300, 20)):
        pong = answer(found.ping(1000), 1000 + offset_us, 1000 + offset_us)
        assert pong is not None
        assert found.take(pong, 1000 + round_trip_us)

    assert found.round_trip_us == 10


def test_only_the_answer_to_the_last_ping_counts_and_only_once() -> None:
    found = OffsetFilter()
    late = answer(found.ping(1000), 0, 0)
    good = answer(found.ping(2000), 2500, 2500)
    assert late is not None
    assert good is not None

    assert not found.take(late, 2600)
    assert not found.take(good[:-1], 2600)
    assert not found.take(good, 1999)  # it came before it was asked for
    assert found.take(good, 3000)
    assert not found.take(good, 3000)
    assert (found.offset_us, found.round_trip_us) == (0, 1000)


def take(found: OffsetFilter, now_us: int, offset_us: int, round_trip_us: int) -> None:
    """A ping at `now_us`, answered half way by a clock that is `offset_us` ahead."""
    now_us += 10**15
    at_us = now_us + round_trip_us // 2 + offset_us
    pong = answer(found.ping(now_us), at_us, at_us)
    assert pong is not None
    assert found.take(pong, now_us + round_trip_us)


@pytest.mark.parametrize("step_us", [3_600_000_000, -3_600_000_000, 2 * STEP_US, -2 * STEP_US])
def test_a_clock_that_is_set_is_followed_with_the_next_ping(step_us: int) -> None:
    """Though its round trip is longer than all before it, which would count for more."""
    found = OffsetFilter()
    for number in range(10):
        take(found, number * 1_000_000, 500, 100)
    take(found, 10_000_000, 500 + step_us, 900)
    assert (found.offset_us, found.round_trip_us) == (500 + step_us, 900)
    take(found, 11_000_000, 500 + step_us, 300)  # what was before is forgotten
    assert (found.offset_us, found.round_trip_us) == (500 + step_us, 300)


def test_the_client_s_own_clock_may_be_set_as_well() -> None:
    found = OffsetFilter()
    take(found, 5_000_000_000, 0, 100)
    take(found, 1_400_000_000, 3_600_000_000, 100)  # an hour back: the server is an hour ahead
    assert found.offset_us == 3_600_000_000


@pytest.mark.parametrize("delay_us", [20_000, 400_000, 5_000_000])
def test_a_slow_answer_is_no_step(delay_us: int) -> None:
    """All of the delay on one way: the offset seems off by half of it, as it may be."""
    found = OffsetFilter()
    take(found, 0, 500, 100)
    now_us = 10**15 + 1_000_000
    pong = answer(found.ping(now_us), now_us + 550, now_us + 550)
    assert pong is not None
    assert found.take(pong, now_us + 100 + delay_us)
    assert (found.offset_us, found.round_trip_us) == (500, 100)


def test_a_drift_of_the_clocks_is_no_step() -> None:
    """50 parts in a million, for a minute: the best sample stays the best."""
    found = OffsetFilter()
    for second in range(60):
        take(found, second * 1_000_000, 500 + 50 * second, 100 if second == 40 else 2000)
        assert found.round_trip_us == (2000 if second < 40 else 100)
    assert found.offset_us == 500 + 50 * 40
