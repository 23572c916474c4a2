"""What a browser can call this machine."""

from __future__ import annotations

import ipaddress

import pytest

from realtime.web import machine
from realtime.web.address import parse_web_address
from realtime.web.machine import hosts, is_private, lan_addresses, local_name

OWN = tuple(map(ipaddress.ip_address, ("192.168.1.5", "10.0.0.2", "fd00::7")))


@pytest.mark.parametrize(
    ("bind", "certified", "expected"),
    [
        ("8443", [], ["127.0.0.1"]),
        ("192.168.1.5:8443", ["10.0.0.2"], ["192.168.1.5"]),
        ("0.0.0.0:8443", [], ["192.168.1.5", "10.0.0.2"]),
        ("[::]:8443", [], ["[fd00::7]"]),
        (
            "0.0.0.0:8443",
            ["localhost", "10.0.0.2", "box.local", "127.0.0.1", "::1", "*.example.com"],
            ["10.0.0.2", "box.local"],
        ),
        ("0.0.0.0:8443", ["172.16.0.9"], ["192.168.1.5", "10.0.0.2"]),
    ],
)
def test_what_the_certificate_is_for_comes_first(
    monkeypatch: pytest.MonkeyPatch, bind: str, certified: list[str], expected: list[str]
) -> None:
    monkeypatch.setattr(machine, "lan_addresses", lambda: OWN)
    assert hosts(parse_web_address(bind), certified) == expected


def test_a_machine_without_a_network_is_localhost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "lan_addresses", lambda: ())
    assert hosts(parse_web_address("0.0.0.0:8443"), []) == ["localhost"]


def test_this_machine_knows_itself() -> None:
    for address in lan_addresses():
        assert not address.is_loopback
        assert not address.is_link_local
    name = local_name()
    assert name is None or name.endswith(".local")


@pytest.mark.parametrize(
    ("address", "private"),
    [("192.168.255.1", True), ("172.32.0.1", False), ("fd12::1", True), ("2001:db8::1", False)],
)
def test_which_addresses_are_private(address: str, private: bool) -> None:
    assert is_private(ipaddress.ip_address(address)) == private
