"""Addresses: what is one, who can reach it, and what is said when it cannot be had."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import zmq

from realtime.address import Address, bind_socket, parse_address
from realtime.errors import AddressError

Listener = Callable[[], zmq.Socket[bytes]]


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A function that gives sockets to listen with."""
    with zmq.Context() as context, ExitStack() as opened:
        yield lambda: opened.enter_context(context.socket(zmq.XPUB))


@pytest.mark.parametrize(
    ("text", "address", "loopback"),
    [
        ("tcp://127.0.0.1:5555", Address("127.0.0.1", 5555), True),
        ("tcp://127.8.8.8:0", Address("127.8.8.8", 0), True),
        ("tcp://localhost:*", Address("localhost", 0), True),
        ("tcp://[::1]:65535", Address("[::1]", 65535), True),
        ("tcp://*:5555", Address("*", 5555), False),
        ("tcp://0.0.0.0:5555", Address("0.0.0.0", 5555), False),
        ("tcp://192.168.0.2:5555", Address("192.168.0.2", 5555), False),
        ("tcp://eth0:5555", Address("eth0", 5555), False),
        ("tcp://localhost.example.org:1", Address("localhost.example.org", 1), False),
        ("tcp://[::]:5555", Address("[::]", 5555), False),
    ],
)
def test_addresses_are_taken_apart(text: str, address: Address, loopback: bool) -> None:
    assert parse_address(text) == address
    assert address.loopback is loopback


@pytest.mark.parametrize(
    "text",
    [
        *("", "5555", "127.0.0.1:5555", "tcp://127.0.0.1", "tcp://:5555", "tcp://h:65536"),
        *("udp://127.0.0.1:5555", "ipc:///x", "tcp://a b:1", "tcp://::1:5555", "tcp://h:1\n"),
    ],
)
def test_what_is_no_address_is_answered_with_one(text: str) -> None:
    with pytest.raises(AddressError, match="must look like tcp://"):
        parse_address(text)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_binding_tells_the_real_port(listener: Listener, host: str) -> None:
    try:
        bound = bind_socket(listener(), Address(host, 0))
    except AddressError:
        if host != "[::1]":
            raise
        pytest.skip("this machine has no IPv6")

    assert bound.port > 0
    assert bound.loopback


def test_a_busy_port_is_named_with_both_ways_out(listener: Listener) -> None:
    bound = bind_socket(listener(), Address("127.0.0.1", 0))

    with pytest.raises(AddressError) as caught:
        bind_socket(listener(), bound)

    assert str(bound) in str(caught.value)
    assert "stop it" in str(caught.value)
    assert "--bind" in str(caught.value)


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-interface"])
def test_an_address_of_another_machine_cannot_be_listened_on(listener: Listener, host: str) -> None:
    with pytest.raises(AddressError, match="choose an address of this machine"):
        bind_socket(listener(), Address(host, 5555))
