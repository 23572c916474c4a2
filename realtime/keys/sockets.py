"""Both ends of an encrypted connection: `Guard` at the publisher, `encrypt` at the client.

CURVE (https://rfc.zeromq.org/spec/26) proves to each end who the other one is, and encrypts and
numbers every message; what was recorded is of no use a second time. Whose public key may come in is
asked at each handshake, through ZeroMQ's ZAP (https://rfc.zeromq.org/spec/27).
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import zmq
from zmq.auth.thread import ThreadAuthenticator

from realtime.errors import UsageError
from realtime.keys.client_key import ClientKey
from realtime.keys.folder import KeyFolder

_DOMAIN = "headset-avatar"
LEAST_MESSAGE_BYTES = 512
"""The messages of a handshake are that long: no less may be allowed."""


class Guard:
    """Lets into the sockets of one context only those whose keys the folder has."""

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        keys: KeyFolder,
        on_event: Callable[[str], None],
    ) -> None:
        """Raises `UsageError` for a folder without a publisher's key. `close` it before the
        context; `on_event` hears of the first client that is turned away."""
        self._keys, self._on_event, self._said = keys, on_event, set[str]()
        self._secret = keys.secret().encode()
        self._authenticator = ThreadAuthenticator(context, log=_silent())
        self._authenticator.configure_curve_callback(_DOMAIN, self)
        self._authenticator.start()

    def protect(self, socket: zmq.Socket[bytes]) -> None:
        """To be called before the socket is bound."""
        socket.setsockopt(zmq.CURVE_SERVER, 1)
        socket.setsockopt(zmq.CURVE_SECRETKEY, self._secret)
        socket.setsockopt(zmq.ZAP_DOMAIN, _DOMAIN.encode())
        # Should the authenticator be gone, nobody comes in, instead of everybody.
        socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)

    def allowed(self) -> frozenset[str]:
        """The public keys that may be connected now; nobody's if the folder cannot be read."""
        try:
            return self._keys.allowed()
        except UsageError as error:
            self._say(f"keys: nobody is let in: {error}")
            return frozenset()

    def callback(self, _domain: str, key: bytes) -> bool:
        """The authenticator's question, on its thread."""
        if key.decode() in self.allowed():
            return True
        self._say("keys: a client was turned away that has no key of this publisher (said once)")
        return False

    def close(self) -> None:
        """Let nobody in any more."""
        self._authenticator.stop()

    def _say(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._on_event(text)


def encrypt(socket: zmq.Socket[bytes], key: ClientKey) -> None:
    """Make a client's socket talk only to the publisher of `key`; before it connects."""
    socket.setsockopt(zmq.CURVE_SERVERKEY, key.publisher.encode())
    socket.setsockopt(zmq.CURVE_PUBLICKEY, key.public.encode())
    socket.setsockopt(zmq.CURVE_SECRETKEY, key.secret.encode())


def _silent() -> logging.Logger:
    """`Guard` says what people need to know."""
    logger = logging.Logger("realtime.keys")
    logger.addHandler(logging.NullHandler())
    return logger
