"""What --web may be."""

from __future__ import annotations

import pytest

from realtime.errors import UsageError
from realtime.web import parse_web_address


@pytest.mark.parametrize(
    ("text", "host", "port", "loopback"),
    [
        ("8443", "127.0.0.1", 8443, True),
        ("0", "127.0.0.1", 0, True),
        ("localhost:80", "localhost", 80, True),
        ("0.0.0.0:8443", "0.0.0.0", 8443, False),
        ("*:8443", "0.0.0.0", 8443, False),
        ("192.168.1.5:65535", "192.168.1.5", 65535, False),
        ("[::1]:8443", "[::1]", 8443, True),
        ("[::]:8443", "[::]", 8443, False),
        ("my-pc.local:8443", "my-pc.local", 8443, False),
    ],
)
def test_a_port_alone_is_for_this_machine(text: str, host: str, port: int, loopback: bool) -> None:
    address = parse_web_address(text)
    assert (address.host, address.port, address.loopback) == (host, port, loopback)


@pytest.mark.parametrize(
    "text", ["", ":", "x", "65536", "-1", "host:", "http://host:80", "::1:80", "a b:80", "1:2:3"]
)
def test_anything_else_is_refused_with_the_cure(text: str) -> None:
    with pytest.raises(UsageError, match=r"give a port, such as 8443, .* such as 0\.0\.0\.0:8443"):
        parse_web_address(text)
