"""The names and addresses that other machines know this one by."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from collections.abc import Collection

import ifaddr

from realtime.address import Address

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

PRIVATE_NETWORKS = tuple(
    map(
        ipaddress.ip_network,
        (
            *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
            *("127.0.0.0/8", "169.254.0.0/16", "::1/128", "fc00::/7", "fe80::/10"),
        ),
    )
)
"""Addresses that mean something in one's own network only."""

_ELSEWHERE = ("192.0.2.1", 9)
"""Reserved for documentation, so nobody is there; nothing is sent to it either."""


def local_name() -> str | None:
    """What this machine is called by multicast DNS: "name.local"."""
    name = socket.gethostname().split(".")[0].lower()
    return f"{name}.local" if name and name != "localhost" else None


def lan_addresses() -> tuple[IPAddress, ...]:
    """Of this machine's network interfaces; the one towards other networks comes first."""
    found = {
        ipaddress.ip_address(entry.ip if isinstance(entry.ip, str) else entry.ip[0])
        for adapter in ifaddr.get_adapters()
        for entry in adapter.ips
    }
    reachable = [ip for ip in found if not ip.is_loopback and not ip.is_link_local]
    first = _towards_others()
    return tuple(sorted(reachable, key=lambda ip: (ip != first, ip.version, int(ip))))


def is_private(address: IPAddress) -> bool:
    """Whether it lies in one of `PRIVATE_NETWORKS`."""
    return any(address in network for network in PRIVATE_NETWORKS)


def hosts(address: Address, certified: Collection[str]) -> list[str]:
    """What a browser can call the address, the likeliest first; at least one.

    `certified` are the names and addresses that the certificate is for: of an address that stands
    for all of this machine's, these come before the others.
    """
    if not _is_any(address.host):
        return [address.host]
    version = 6 if ":" in address.host else 4
    own = [str(ip) for ip in lan_addresses() if ip.version == version]
    good = [ip for ip in own if ip in certified]
    good += sorted(name for name in certified if _is_name(name) and name != "localhost")
    found = good or own or ["localhost"]
    return [f"[{host}]" if ":" in host else host for host in found]


def _towards_others() -> IPAddress | None:
    """This end of a route to another network; None without one."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(_ELSEWHERE)
        return ipaddress.ip_address(probe.getsockname()[0])
    return None


def _is_any(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_unspecified
    except ValueError:
        return False


def _is_name(text: str) -> bool:
    """Not an address, and not a pattern."""
    return "*" not in text and ":" not in text and not text.replace(".", "").isdigit()
