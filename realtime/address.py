"""Addresses of sockets: `tcp://host:port` taken apart, and bound with errors that help.

Port 0, or `*`, asks the system for a free port.
"""

from __future__ import annotations

import errno
import ipaddress
import re
from typing import NamedTuple

import zmq

from realtime.errors import AddressError

_TCP = re.compile(r"tcp://(\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._-]+|\*):([0-9]{1,5}|\*)")


class Address(NamedTuple):
    """A TCP address; `host` is a name, an IPv4 or a bracketed IPv6 address, or `*`."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"tcp://{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Only programs on this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False


def parse_address(text: str) -> Address:
    """`tcp://host:port` taken apart; raises `AddressError` for anything else."""
    match = _TCP.fullmatch(text)
    port = int(match[2].replace("*", "0")) if match else -1
    if match is None or port > 65535:
        raise AddressError(
            f"{text!r:.120} is no address; it must look like tcp://127.0.0.1:5555 "
            "(port 0 to 65535, an IPv6 host in brackets)"
        )
    return Address(match[1], port)


def bind_socket(socket: zmq.Socket[bytes], address: Address) -> Address:
    """Bind, and give the address as bound, with the real port. Raises `AddressError`."""
    # libzmq takes names of network interfaces here, but not names of hosts.
    numeric = address._replace(host="127.0.0.1") if address.host == "localhost" else address
    socket.setsockopt(zmq.IPV6, numeric.host.startswith("["))
    try:
        socket.bind(str(numeric))
    except zmq.ZMQError as error:
        if error.errno == errno.EADDRINUSE:
            raise AddressError(
                f"cannot listen on {address}: another program already does; stop it, or choose "
                "another port (--bind tcp://HOST:PORT)"
            ) from error
        raise AddressError(
            f"cannot listen on {address}: {error.strerror}; choose an address of this machine, "
            "such as tcp://127.0.0.1:5555"
        ) from error
    return parse_address(socket.getsockopt_string(zmq.LAST_ENDPOINT))
