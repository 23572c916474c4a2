"""What `--web` may be: a port, which only this machine reaches, or a host and a port."""

from __future__ import annotations

import re
import socket

from realtime.address import Address
from realtime.errors import AddressError, UsageError

_ADDRESS = re.compile(r"(?:(\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._-]+|\*):)?([0-9]{1,5})")
_BACKLOG = 64


def parse_web_address(text: str) -> Address:
    """`8443`, `0.0.0.0:8443` or `[::1]:8443`; port 0 is any free one. Raises `UsageError`."""
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match[2]) > 65535:
        raise UsageError(
            f"--web {text!r:.80}: give a port, such as 8443, for browsers on this machine, or a "
            "host and a port, such as 0.0.0.0:8443, for those of others"
        )
    host = {None: "127.0.0.1", "*": "0.0.0.0"}.get(match[1], match[1])  # noqa: S104  # where others may come, `WebServer` decides
    return Address(host, int(match[2]))


def listen(address: Address) -> socket.socket:
    """A socket that listens there and does not block. Raises `AddressError`."""
    try:
        family, *_, where = socket.getaddrinfo(
            address.host.strip("[]"), address.port, type=socket.SOCK_STREAM
        )[0]
        listener = socket.create_server(where[:2], family=family, backlog=_BACKLOG)
    except (OSError, UnicodeError) as error:
        raise AddressError(
            f"cannot serve the page on {address.host}:{address.port}: {error}; choose another "
            "port, or an address of this machine (--web HOST:PORT)"
        ) from error
    listener.setblocking(False)
    return listener
