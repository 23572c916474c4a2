"""`Publisher`: the sending end of the wire, owned by one thread.

It must know who listens: nothing is encoded for nobody, and a newcomer gets the information at
once. XPUB_VERBOSER passes on every subscription and cancellation, yet counting them goes wrong: a
peer may subscribe twice and leave once, or cancel what it never had and so silence the stream for
the others. So subscriptions are kept per connection (connections.py), as libzmq itself keeps them:
each message carries the descriptor of the connection that it came over, and the socket's monitor
tells when a connection is made and when it ends (peers.py).
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import zmq

from realtime.address import bind_socket, parse_address
from realtime.connections import MOST_MESSAGES_PER_S, Connections
from realtime.errors import AddressError, RealtimeError
from realtime.frame import unix_us
from realtime.keys import KeyFolder
from realtime.keys.sockets import Guard
from realtime.peers import Peers, is_readable
from realtime.topic import avatar_topic, info_topic
from realtime.wire import Form, Header, pack_info, pack_message

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
_MORE = int(zmq.SNDMORE)
_REVOKED_S = 1.0
"""So often those who are connected are looked up among those who may be."""


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
        self,
        bind: str,
        stream: str = "main",
        wire: Form = "multipart",
        *,
        insecure: bool = False,
        keys: KeyFolder | None = None,
        on_event: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Listen on `bind`, e.g. tcp://127.0.0.1:5555; port 0 is any free one, see `address`.

        keys: encrypt, and let in only whom it allows; None lets in everybody who gets here.
        on_event: gets sentences for people about peers that are turned away.
        Raises `AddressError` when it cannot listen, and for an address that other machines can
        reach without `keys` or `insecure`; `UsageError` for a name that no stream can have and for
        keys that cannot be used.
        """
        self._avatar_topic, self._info_topic = avatar_topic(stream), info_topic(stream)
        self._topic = self._avatar_topic.encode()
        self._form: Form = wire
        asked = parse_address(bind)
        if not (asked.loopback or insecure or keys):
            raise AddressError(
                f"{bind} can be reached from other machines, and the stream is not encrypted: "
                "anybody there could watch; add --curve (`python -m realtime.keys new NAME` lets "
                "a client in), use tcp://127.0.0.1:5555, or --insecure if you mean it"
            )
        self._context = zmq.Context()
        self._guard: Guard | None = None
        self._revoked_s = 0.0
        try:
            self._socket = _open_socket(self._context)
            self._connections = Connections(
                (self._avatar_topic.encode(), self._info_topic.encode())
            )
            self._peers = Peers(
                self._socket, self._connections.opened, self._connections.closed, on_event
            )
            if keys is not None:
                self._guard = Guard(self._context, keys, on_event)
                self._guard.protect(self._socket)
            bound = bind_socket(self._socket, asked)
        except RealtimeError:
            self.close()
            raise
        self.address, self._peers.port = str(bound), bound.port
        self._poller = zmq.Poller()
        self._poller.register(self._socket, zmq.POLLIN)
        self._poller.register(self._peers.monitor, zmq.POLLIN)
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
        wanted = self._newcomer
        for outlet in self._outlets:
            wanted |= outlet.wants_key
        return wanted and time.monotonic() >= self._next_key_s

    def poll(self, timeout_ms: int) -> bool:
        """Take in who came and who left, waiting up to `timeout_ms` for the first to do so.

        True: somebody new wants the pictures or the information, so send the information now.
        """
        came, taken = False, 0
        if timeout_ms:
            self._poller.poll(timeout_ms)
        while taken < MOST_AT_ONCE and is_readable(self._socket):
            taken += 1
            frame = self._socket.recv(copy=False)
            # Descriptors are used again: what is known of the connection must be up to date
            # before the message is put down to it.
            self._peers.follow()
            try:
                descriptor = int(frame.get(zmq.SRCFD))
            except zmq.ZMQError:
                came |= self._connections.take_unmarked(frame.bytes)
                continue
            came |= self._connections.take(descriptor, frame.bytes, int(time.monotonic()))
            if self._guard is not None:
                self._connections.belongs(descriptor, str(frame.get("User-Id")))
            if (why := self._connections.abuse(descriptor)) is not None:
                self._peers.cut(descriptor, why)
        if taken or self._peers.is_time:
            self._peers.follow()
            self._peers.look()
            self._cut_revoked()
        self._newcomer |= came
        self.subscribers = self._connections.count(self._topic)
        for outlet in self._outlets:
            self.subscribers += outlet.viewers
        return came

    def send(self, header: Header, payload: bytes | memoryview) -> None:
        """Send one picture; stream id, seq and publish time are filled in here."""
        parts = pack_message(
            self._avatar_topic,
            header,
            payload,
            stamp=(self.stream_id, self.sent % 2**32, unix_us()),
        )
        key = header.is_key
        if key:
            self._newcomer, self._next_key_s = False, time.monotonic() + KEY_PERIOD_S
        for outlet in self._outlets:
            outlet.offer(bytes(parts[1]), parts[2], key=key)
        self._send(parts if self._form == "multipart" else [b"".join(parts)])
        self.sent += 1

    def send_info(self, info: dict[str, Any]) -> None:
        """Send the stream's information: what JSON can hold, NaN excluded (ValueError)."""
        for outlet in self._outlets:
            outlet.inform(info)
        self._send(pack_info(self._info_topic, info, self._form))

    def close(self) -> None:
        """Stop listening; the last messages have `LINGER_MS` to reach the network."""
        if self._guard is not None:
            self._guard.close()
        self._context.destroy(linger=LINGER_MS)

    def _send(self, parts: Sequence[bytes | memoryview]) -> None:
        # As send_multipart does, which looks at each part first.
        *first, last = parts
        for part in first:
            self._socket.send(part, _MORE)
        self._socket.send(last)

    def _cut_revoked(self) -> None:
        now_s = time.monotonic()
        if self._guard is None or now_s - self._revoked_s < _REVOKED_S:
            return
        self._revoked_s = now_s
        for descriptor in self._connections.not_of(self._guard.allowed()):
            self._peers.cut(descriptor, "a client's key was revoked")


def _open_socket(context: zmq.Context[zmq.Socket[bytes]]) -> zmq.Socket[bytes]:
    socket = context.socket(zmq.XPUB)
    socket.setsockopt(zmq.XPUB_VERBOSER, 1)
    socket.setsockopt(zmq.SNDHWM, QUEUED_MESSAGES)
    socket.setsockopt(zmq.RCVHWM, MOST_MESSAGES_PER_S)
    socket.setsockopt(zmq.MAXMSGSIZE, MAX_INCOMING_BYTES)
    return socket
