"""`Publisher`: the sending end of the wire, owned by one thread.

It must know who listens: nothing is encoded for nobody, and a newcomer gets the information at
once. XPUB_VERBOSER passes on every subscription and cancellation, yet counting them goes wrong: a
peer may subscribe twice and leave once, or cancel what it never had and so silence the stream for
the others. So subscriptions are kept per connection, as libzmq itself keeps them: each message
carries the descriptor of the connection that it came over, and the socket's monitor tells when a
connection is made and when it ends. Peers that are older than ZMTP 3 send messages without a
descriptor: once one subscribed, each connection that might be such a peer's counts as a subscriber.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from typing import Any, Protocol

import zmq
from zmq.utils.monitor import recv_monitor_message

from realtime.address import bind_socket, parse_address
from realtime.errors import AddressError
from realtime.frame import unix_us
from realtime.wire import Flag, Form, Header, avatar_topic, info_topic, pack_info, pack_message

QUEUED_MESSAGES = 16
"""Per subscriber; what does not fit is dropped here, which shows there as a gap in seq. It bridges
moments in which the machine is too busy to send: with 2, a busy machine loses pictures. No number
bounds the age of what a slow subscriber gets: the buffers of the network are far larger."""
LINGER_MS = 200
"""Enough for the last frames of a file, and no more for a subscriber that reads nothing."""
MAX_INCOMING_BYTES = 512
"""A subscription is the beginning of a topic; a peer that sends more is disconnected."""
KEY_PERIOD_S = 0.2
"""Key pictures are asked for no more often, so a slow page does not make all of them such."""
MOST_AT_ONCE = 256
"""Messages of peers that one `poll` takes in: a peer that sends without end holds nothing up."""


class Outlet(Protocol):
    """Another way out for the same messages, such as `realtime.web.WebServer`; it never waits."""

    @property
    def viewers(self) -> int:
        """How many want the pictures now."""

    @property
    def wants_key(self) -> bool:
        """Whether it waits for a key picture: somebody came, or was too slow."""

    def offer(self, header: bytes, payload: bytes | memoryview, *, key: bool) -> None:
        """The newest picture, as it is on the wire; whether it is a key picture."""

    def inform(self, info: dict[str, Any]) -> None:
        """The newest information."""


class Publisher:
    """Sends the pictures and the information of one stream to all who subscribed; never waits.

    Every method is for the one thread that owns it; any thread may read the attributes.
    """

    def __init__(
        self, bind: str, stream: str = "main", wire: Form = "multipart", *, insecure: bool = False
    ) -> None:
        """Listen on `bind`, e.g. tcp://127.0.0.1:5555; port 0 is any free one, see `address`.

        Raises `AddressError` when it cannot, and for an address that other machines can reach
        unless `insecure`; `UsageError` for a name that no stream can have.
        """
        self._avatar_topic, self._info_topic = avatar_topic(stream), info_topic(stream)
        self._form: Form = wire
        asked = parse_address(bind)
        if not (asked.loopback or insecure):
            raise AddressError(
                f"{bind} can be reached from other machines, and the stream is not encrypted: "
                "anybody there could watch; use tcp://127.0.0.1:5555, or --insecure if you mean it"
            )
        self._context = zmq.Context()
        self._socket = _open_socket(self._context)
        self._monitor = self._socket.get_monitor_socket(zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED)
        self._poller = zmq.Poller()
        self._poller.register(self._socket, zmq.POLLIN)
        self._poller.register(self._monitor, zmq.POLLIN)
        self._connections = Connections((self._avatar_topic.encode(), self._info_topic.encode()))
        try:
            self.address = str(bind_socket(self._socket, asked))
        except AddressError:
            self.close()
            raise
        self._outlets: list[Outlet] = []
        self._newcomer, self._next_key_s = False, 0.0
        self.stream_id = secrets.randbits(32)
        self.subscribers = 0
        """Who wants the pictures, as of the last `poll`: connections, and viewers of outlets."""
        self.sent = 0
        """Pictures sent so far; the next one's seq, up to its wrap."""

    def add(self, outlet: Outlet) -> None:
        """Give it everything that is sent from now on."""
        self._outlets.append(outlet)

    @property
    def wants_key(self) -> bool:
        """Whether the next picture should be a key picture, as of the last `poll`."""
        wanted = self._newcomer or any(outlet.wants_key for outlet in self._outlets)
        return wanted and time.monotonic() >= self._next_key_s

    def poll(self, timeout_ms: int) -> bool:
        """Take in who came and who left, waiting up to `timeout_ms` for the first to do so.

        True: somebody new wants the pictures or the information, so send the information now.
        """
        came = False
        self._poller.poll(timeout_ms)
        for _ in range(MOST_AT_ONCE):
            if not self._socket.poll(0):
                break
            frame = self._socket.recv(copy=False)
            # Descriptors are used again: what is known of the connection must be up to date
            # before the message is put down to it.
            self._follow_connections()
            try:
                descriptor = int(frame.get(zmq.SRCFD))
            except zmq.ZMQError:
                came |= self._connections.take_unmarked(frame.bytes)
            else:
                came |= self._connections.take(descriptor, frame.bytes)
        self._follow_connections()
        self._newcomer |= came
        self.subscribers = self._connections.count(self._avatar_topic.encode())
        self.subscribers += sum(outlet.viewers for outlet in self._outlets)
        return came

    def send(self, header: Header, payload: bytes | memoryview) -> None:
        """Send one picture; stream id, seq and publish time are filled in here."""
        header = replace(
            header, stream_id=self.stream_id, seq=self.sent % 2**32, publish_us=unix_us()
        )
        parts = pack_message(self._avatar_topic, header, payload)
        key = Flag.KEY in header.flags
        if key:
            self._newcomer, self._next_key_s = False, time.monotonic() + KEY_PERIOD_S
        for outlet in self._outlets:
            outlet.offer(bytes(parts[1]), parts[2], key=key)
        self._socket.send_multipart(parts if self._form == "multipart" else [b"".join(parts)])
        self.sent += 1

    def send_info(self, info: dict[str, Any]) -> None:
        """Send the stream's information: what JSON can hold, NaN excluded (ValueError)."""
        for outlet in self._outlets:
            outlet.inform(info)
        self._socket.send_multipart(pack_info(self._info_topic, info, self._form))

    def close(self) -> None:
        """Stop listening; the last messages have `LINGER_MS` to reach the network."""
        self._context.destroy(linger=LINGER_MS)

    def _follow_connections(self) -> None:
        while self._monitor.poll(0):
            event = recv_monitor_message(self._monitor)
            if event["event"] == zmq.EVENT_ACCEPTED:
                self._connections.opened(event["value"])
            else:
                self._connections.closed(event["value"])


def _open_socket(context: zmq.Context[zmq.Socket[bytes]]) -> zmq.Socket[bytes]:
    socket = context.socket(zmq.XPUB)
    socket.setsockopt(zmq.XPUB_VERBOSER, 1)
    socket.setsockopt(zmq.SNDHWM, QUEUED_MESSAGES)
    socket.setsockopt(zmq.MAXMSGSIZE, MAX_INCOMING_BYTES)
    # A peer that lost its power or its network never says goodbye.
    socket.setsockopt(zmq.TCP_KEEPALIVE, 1)
    socket.setsockopt(zmq.TCP_KEEPALIVE_IDLE, 10)
    return socket


class Connections:
    """Which connection wants which of a few topics. Pure bookkeeping, for any bytes that come."""

    def __init__(self, topics: tuple[bytes, ...]) -> None:
        self._topics = topics
        self._prefixes: dict[int, set[bytes]] = {}
        self._silent: set[int] = set()
        """Connections over which no message with a descriptor came: old peers, and new ones."""
        self._unmarked: set[bytes] = set()
        """What peers subscribed to whose messages have no descriptor."""

    def opened(self, descriptor: int) -> None:
        """A connection was made; whatever the descriptor stood for before is gone."""
        self._prefixes[descriptor] = set()
        self._silent.add(descriptor)

    def closed(self, descriptor: int) -> None:
        """It ended, and its subscriptions with it."""
        self._prefixes.pop(descriptor, None)
        self._not_silent(descriptor)

    def take(self, descriptor: int, message: bytes) -> bool:
        """One message of a peer: 1 and a prefix subscribes, 0 and a prefix cancels.

        True if the connection now wants something that it did not want before. Prefixes of no
        topic here, and any other bytes, are ignored, so a peer cannot make this grow.
        """
        self._not_silent(descriptor)
        prefixes = self._prefixes.get(descriptor)
        verb, prefix = message[:1], message[1:]
        if prefixes is None or not self._matches(prefix):
            return False
        if verb == b"\x00":
            prefixes.discard(prefix)
        if verb != b"\x01" or prefix in prefixes:
            return False
        prefixes.add(prefix)
        return True

    def take_unmarked(self, message: bytes) -> bool:
        """As `take`, of a peer that is not known. What it cancels is ignored: libzmq cancels
        without a descriptor for every peer that left, and `closed` says so as well."""
        verb, prefix = message[:1], message[1:]
        if verb != b"\x01" or not self._matches(prefix):
            return False
        self._unmarked.add(prefix)
        return True

    def count(self, topic: bytes) -> int:
        """How many connections want `topic`; of the silent ones all that might."""
        known = sum(_wants(prefixes, topic) for prefixes in self._prefixes.values())
        return known + (len(self._silent) if _wants(self._unmarked, topic) else 0)

    def _matches(self, prefix: bytes) -> bool:
        return any(topic.startswith(prefix) for topic in self._topics)

    def _not_silent(self, descriptor: int) -> None:
        self._silent.discard(descriptor)
        if not self._silent:
            self._unmarked.clear()


def _wants(prefixes: set[bytes], topic: bytes) -> bool:
    return any(topic.startswith(prefix) for prefix in prefixes)
