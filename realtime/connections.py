"""`Connections`: which connection wants which topic, as its messages say. No I/O.

Each message carries the descriptor of the connection that it came over, except those of peers that
are older than ZMTP 3: once one of these subscribed, each connection that might be such a peer's
counts as a subscriber.
"""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_SUBSCRIPTIONS = 32
"""Of one connection. libzmq keeps every one, of topics that are not here too."""
MOST_MESSAGES_PER_S = 200
"""Of one connection."""


@dataclass(slots=True)
class _Connection:
    prefixes: set[bytes] = field(default_factory=set)
    silent: bool = True
    """No message with a descriptor came over it: it is an old peer's, or a new one."""
    user: str | None = None
    """The public key that it was let in with."""
    second: int = 0
    messages: int = 0
    """In that second."""


class Connections:
    """Bookkeeping for any bytes that come."""

    def __init__(self, topics: tuple[bytes, ...]) -> None:
        self._topics = topics
        self._known: dict[int, _Connection] = {}
        self._unmarked: set[bytes] = set()
        """What peers subscribed to whose messages have no descriptor."""
        self._counts: dict[bytes, int] = {}
        """Topic -> `count`, until something changes: it is asked for with each picture."""

    def opened(self, descriptor: int) -> None:
        """A connection was made; whatever the descriptor stood for before is gone."""
        self._counts.clear()
        self._known[descriptor] = _Connection()

    def closed(self, descriptor: int) -> None:
        """It ended, and its subscriptions with it."""
        self._counts.clear()
        self._known.pop(descriptor, None)
        self._forget_unmarked()

    def take(self, descriptor: int, message: bytes, second: int = 0) -> bool:
        """One message of a peer: 1 and a prefix subscribes, 0 and a prefix cancels.

        second: when it came, for counting. True if the connection now wants something of this
        stream that it did not want before. Prefixes of no topic here are kept only to be counted,
        and no more of them than `abuse` allows.
        """
        self._counts.clear()
        connection = self._known.get(descriptor)
        verb, prefix = message[:1], message[1:]
        if connection is None:
            return False
        connection.silent = False
        self._forget_unmarked()
        if connection.second != second:
            connection.second, connection.messages = second, 0
        connection.messages += 1
        prefixes = connection.prefixes
        if verb == b"\x00":
            prefixes.discard(prefix)
        if verb != b"\x01" or prefix in prefixes or len(prefixes) > MOST_SUBSCRIPTIONS:
            return False
        prefixes.add(prefix)
        return self._matches(prefix)

    def take_unmarked(self, message: bytes) -> bool:
        """As `take`, of a peer that is not known. What it cancels is ignored: libzmq cancels
        without a descriptor for every peer that left, and `closed` says so as well."""
        self._counts.clear()
        verb, prefix = message[:1], message[1:]
        if verb != b"\x01" or not self._matches(prefix):
            return False
        self._unmarked.add(prefix)
        return True

    def abuse(self, descriptor: int) -> str | None:
        """Why the connection should be cut; None: it should not."""
        connection = self._known.get(descriptor)
        if connection is None:
            return None
        if len(connection.prefixes) > MOST_SUBSCRIPTIONS:
            return f"one has over {MOST_SUBSCRIPTIONS} subscriptions"
        if connection.messages > MOST_MESSAGES_PER_S:
            return f"one sends over {MOST_MESSAGES_PER_S} messages a second"
        return None

    def belongs(self, descriptor: int, user: str) -> None:
        """The connection was let in with this public key."""
        if descriptor in self._known:
            self._known[descriptor].user = user

    def not_of(self, users: frozenset[str]) -> list[int]:
        """The connections that were let in with none of these keys."""
        return [
            descriptor
            for descriptor, connection in self._known.items()
            if connection.user is not None and connection.user not in users
        ]

    def count(self, topic: bytes) -> int:
        """How many connections want `topic`; of the silent ones all that might."""
        if topic not in self._counts:
            old_peers = _wants(self._unmarked, topic)
            self._counts[topic] = sum(
                old_peers if connection.silent else _wants(connection.prefixes, topic)
                for connection in self._known.values()
            )
        return self._counts[topic]

    def _matches(self, prefix: bytes) -> bool:
        return any(topic.startswith(prefix) for topic in self._topics)

    def _forget_unmarked(self) -> None:
        if not any(connection.silent for connection in self._known.values()):
            self._unmarked.clear()


def _wants(prefixes: set[bytes], topic: bytes) -> bool:
    return any(topic.startswith(prefix) for prefix in prefixes)
