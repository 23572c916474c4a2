"""`ClientKey`: the file that lets a client in, and how all files with keys are read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

import zmq
from pydantic import Field, ValidationError, model_validator

from calibration.part import Part
from realtime.errors import UsageError
from realtime.secret_files import read_secret, write_secret

Key = Annotated[str, Field(pattern=r"^[0-9a-zA-Z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}$")]
"""32 bytes as Z85, ZeroMQ's way to write them."""
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]

T = TypeVar("T", bound=Part)


class ClientKey(Part):
    """NAME.key.json: whoever has it may watch as NAME, so it is a secret."""

    version: Literal[1] = 1
    name: Name
    public: Key
    secret: Key = Field(repr=False)
    publisher: Key
    """The publisher's public key: the client talks to nobody else."""

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        if public_of(self.secret) != self.public:
            raise ValueError("its public and its secret key do not belong together")
        return self

    @classmethod
    def load(cls, path: Path) -> ClientKey:
        """Read the file. Raises `UsageError` for one that is no key, or that others may read."""
        return read_key(path, cls)

    def save(self, path: Path) -> None:
        """Write the file; only its owner may read it. Raises OSError."""
        write_key(path, self)


def public_of(secret: str) -> str:
    """The public key of a secret one."""
    return zmq.curve_public(secret.encode()).decode()


def read_key(path: Path, kind: type[T]) -> T:
    """A secret file as a `kind`. Raises `UsageError`; never shows what is in the file."""
    try:
        return kind.model_validate_json(read_secret(path))
    except OSError as error:
        raise UsageError(
            f"cannot read the key {path}: {error.strerror}; `python -m realtime.keys new NAME` "
            "makes keys"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise UsageError(f"{path} is no key: {where}: {first['msg']}; make a new one") from None


def write_key(path: Path, key: Part) -> None:
    """Write a key's file, which only its owner may read. Raises OSError."""
    write_secret(path, key.model_dump_json(indent=2).encode() + b"\n")
