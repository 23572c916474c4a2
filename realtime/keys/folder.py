"""`KeyFolder`: the publisher's secret key, and the public keys of those who may watch.

The folder is read again at each question, so that a client may be added or revoked while the
publisher runs.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import zmq
from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from calibration.part import Part
from realtime.errors import UsageError
from realtime.keys.client_key import ClientKey, Key, Name, public_of, read_key, write_key
from realtime.secret_files import state_folder

PUBLISHER = "publisher.json"
CLIENTS = "clients"

_name = TypeAdapter[str](Name)
_key = TypeAdapter[str](Key)


class PublisherKey(Part):
    """publisher.json."""

    version: Literal[1] = 1
    secret: Key = Field(repr=False)


class Allowed(Part):
    """clients/NAME.json: a client that may watch."""

    version: Literal[1] = 1
    name: Name
    public: Key
    created: AwareDatetime


class KeyFolder:
    """All errors are `UsageError`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def default(cls) -> KeyFolder:
        """The one of this user."""
        return cls(state_folder() / "keys")

    def secret(self) -> str:
        """The publisher's secret key."""
        return read_key(self.path / PUBLISHER, PublisherKey).secret

    def public(self) -> str:
        """The publisher's public key, which every client has to know."""
        return public_of(self.secret())

    def clients(self) -> list[Allowed]:
        """Who may watch, by name."""
        files = sorted((self.path / CLIENTS).glob("*.json"))
        return [read_key(file, Allowed) for file in files if not file.name.startswith(".")]

    def allowed(self) -> frozenset[str]:
        """The public keys of those who may watch."""
        return frozenset(client.public for client in self.clients())

    def new(self, name: str) -> ClientKey:
        """Let a new client in; its file is for you to save. Makes the folder if there is none."""
        public, secret = (key.decode() for key in zmq.curve_keypair())
        self.allow(name, public)
        return ClientKey(name=name, public=public, secret=secret, publisher=self.public())

    def allow(self, name: str, public: str) -> None:
        """Let in a client that made its keys itself."""
        path = self._client(name)
        try:
            _key.validate_python(public)
        except ValidationError:
            raise UsageError(f"{public!r:.60} is no public key: it has 40 characters") from None
        if path.exists():
            raise UsageError(f"{name} has a key already: choose another name, or revoke it first")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.chmod(0o700)
            if not (self.path / PUBLISHER).exists():
                secret = zmq.curve_keypair()[1].decode()
                write_key(self.path / PUBLISHER, PublisherKey(secret=secret))
            write_key(path, Allowed(name=name, public=public, created=datetime.now(UTC)))
        except OSError as error:
            raise UsageError(f"cannot write keys to {self.path}: {error}") from error

    def revoke(self, name: str) -> None:
        """Let a client in no more."""
        try:
            self._client(name).unlink()
        except OSError as error:
            known = ", ".join(client.name for client in self.clients()) or "nobody"
            raise UsageError(
                f"cannot revoke {name}: {error.strerror}; {self.path} lets in {known}"
            ) from error

    def _client(self, name: str) -> Path:
        try:
            return self.path / CLIENTS / f"{_name.validate_python(name)}.json"
        except ValidationError:
            raise UsageError(
                f"{name!r:.80} is no client's name: up to 64 of A-Z a-z 0-9 . _ - please"
            ) from None
