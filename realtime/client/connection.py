"""The socket of a client: whom it reaches, and what it takes from whoever answers there."""

from __future__ import annotations

import socket

import zmq

from realtime.address import Address, parse_address
from realtime.endless import Endless
from realtime.errors import AddressError
from realtime.keys import ClientKey
from realtime.keys.sockets import encrypt
from realtime.topic import INFO_PREFIX
from realtime.wire import MAX_PAYLOAD_BYTES

QUEUED_MESSAGES = 256
"""What may wait for the thread while the machine is busy: some seconds, before any are lost."""
_MOST_PART_BYTES = MAX_PAYLOAD_BYTES + 4096
HANDSHAKE_FAILED = (
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
)
EVENTS = (
    zmq.EVENT_CONNECTED | zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED | HANDSHAKE_FAILED
)
"""What a socket's monitor is to tell."""


def open_socket(
    context: zmq.Context[zmq.Socket[bytes]], address: Address, topic: str, key: ClientKey | None
) -> zmq.Socket[bytes]:
    """Subscribed to `topic` and to all information, encrypted with a `key`; not connected yet."""
    subscriber = context.socket(zmq.SUB)
    if key is not None:
        encrypt(subscriber, key)
    subscriber.setsockopt(zmq.RCVHWM, QUEUED_MESSAGES)
    subscriber.setsockopt(zmq.MAXMSGSIZE, _MOST_PART_BYTES)
    subscriber.setsockopt(zmq.RECONNECT_IVL_MAX, 1000)
    # A publisher that lost its power or its network never says goodbye.
    subscriber.setsockopt(zmq.TCP_KEEPALIVE, 1)
    subscriber.setsockopt(zmq.TCP_KEEPALIVE_IDLE, 10)
    subscriber.setsockopt(zmq.IPV6, address.host.startswith("["))
    subscriber.subscribe(topic)
    subscriber.subscribe(INFO_PREFIX)
    return subscriber


def endless(address: Address) -> Endless:
    """Ends the connection after the largest message, and as much again on its way here since the
    last look, without a whole picture."""
    return Endless(address.port, 2 * _MOST_PART_BYTES)


def resolve(text: str) -> Address:
    """Raises `AddressError` for what cannot be an address or a host that is not known here."""
    address = parse_address(text)
    if address.host == "*" or address.port == 0:
        raise AddressError(f"{text}: nobody can be reached there; name the publisher's host, port")
    try:
        socket.getaddrinfo(address.host.strip("[]"), address.port)
    except (OSError, UnicodeError) as error:
        raise AddressError(
            f"{text}: the host is not known here ({error}); check its name"
        ) from error
    return address
