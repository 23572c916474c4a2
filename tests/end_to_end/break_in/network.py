"""Ways in through the ports of a running launch.py, or to bring it down, for who reaches them."""

from __future__ import annotations

import contextlib
import http.client
import random
import socket
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlsplit

from realtime.address import parse_address

PATIENCE_S = 5.0
EVERY_PORT = range(1, 65536)
GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
READY = b"\x04\x19\x05READY\x0bSocket-Type" + struct.pack(">I", 3) + b"SUB"
MORE_AND_EMPTY = b"\x01\x00"


def open_ports(host: str, among: Sequence[int] = EVERY_PORT) -> list[int]:
    """Those that take a connection, whichever program they belong to."""
    found = []
    for port in among:
        with socket.socket() as knock:
            knock.settimeout(0.5)
            if knock.connect_ex((host, port)) == 0 and knock.getsockname() != knock.getpeername():
                found.append(port)  # not: reached itself, which TCP allows
    return found


def other_addresses() -> list[str]:
    """Where other machines would look for this one; none if it is on no network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as towards, contextlib.suppress(OSError):
        towards.connect(("192.0.2.1", 9))  # sends nothing
        return [towards.getsockname()[0]]
    return []


def reach(address: str) -> socket.socket:
    """A bare TCP connection."""
    parsed = parse_address(address)
    return socket.create_connection((parsed.host, parsed.port), PATIENCE_S)


def greeted(address: str) -> socket.socket:
    """One that has shaken hands as a subscriber without a key does, as far as it was let."""
    connection = reach(address)
    got = b""
    with contextlib.suppress(OSError):
        connection.sendall(GREETING + READY)
        while len(got) < len(GREETING + READY) and (data := connection.recv(64)):
            got += data
    return connection


def received(connection: socket.socket, seconds: float) -> bytes:
    """What comes until the other end hangs up, or for so long."""
    got = b""
    until_s = time.monotonic() + seconds
    connection.settimeout(seconds)
    with contextlib.suppress(OSError):
        while time.monotonic() < until_s and (data := connection.recv(1 << 16)):
            got += data
    return got


def send_until_cut(connection: socket.socket, data: bytes, seconds: float) -> int | None:
    """Send it again and again; how many bytes were taken until the end, None if none came."""
    until_s, sent = time.monotonic() + seconds, 0
    try:
        while time.monotonic() < until_s:
            sent += connection.send(data)
    except TimeoutError:
        return None
    except OSError:
        return sent
    return None


def subscribe_without_a_key(address: str) -> str:
    """Ask for everything in plain text."""
    got = b""
    with contextlib.suppress(ConnectionError), greeted(address) as connection:
        connection.sendall(b"\x00\x01\x01")
        got = received(connection, 1.0)
    return "pictures" if b"AVF1" in got else "nothing"


def malformed_greetings() -> Iterator[bytes]:
    """What is no ZMTP, or stops being it."""
    chance = random.Random(0)
    curve = GREETING[:12] + b"CURVE".ljust(20, b"\0") + bytes(32)
    yield b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    yield b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200)  # TLS
    yield GREETING[:11]
    yield GREETING + b"\x06" + struct.pack(">Q", 2**63) + b"x"  # a command of 8 EiB
    yield GREETING + b"\x04\x00"
    yield GREETING + b"\x04\xff" + bytes(255)
    yield GREETING + READY[:-1] + b"\xff" + b"\x02" + struct.pack(">Q", 2**64 - 1)
    yield curve + b"\x04\xc8\x05HELLO\x01\x00" + bytes(192)
    yield curve + b"\x04\x0a\x08INITIATE"
    yield from (GREETING + READY + chance.randbytes(500) for _ in range(20))
    yield from (chance.randbytes(200) for _ in range(20))


def speak_nonsense(address: str) -> str:
    """Everything that is malformed, each over a connection of its own."""
    for nonsense in malformed_greetings():
        with contextlib.suppress(OSError), reach(address) as connection:
            connection.sendall(nonsense)
    return "nothing"


def send_a_message_without_an_end(address: str) -> str:
    """Parts and parts: the receiver has to keep them until the last one."""
    with greeted(address) as connection:
        taken = send_until_cut(connection, MORE_AND_EMPTY * 5000, 10.0)
    return "no end" if taken is None else "cut"


def send_a_large_message(address: str) -> str:
    """One of a gigabyte."""
    start = b"\x02" + struct.pack(">Q", 1 << 30)
    with greeted(address) as connection:
        taken = send_until_cut(connection, start + bytes(1 << 16), 10.0)
    return "no end" if taken is None else "cut"


def subscribe_to_much(address: str) -> str:
    """To a million topics that are not there."""
    with greeted(address) as connection:
        topics = (b"\x00\x09\x01" + number.to_bytes(8, "big") for number in range(1_000_000))
        try:
            for topic in topics:
                connection.sendall(topic)
        except OSError:
            return "cut"
    return "no end"


def connect_often(address: str) -> str:
    """Hold 300 connections that say nothing."""
    with contextlib.ExitStack() as held:
        connections = []
        for _ in range(300):
            with contextlib.suppress(OSError):
                connections.append(held.enter_context(reach(address)))
        time.sleep(1.0)
        open_ = sum(_is_open(connection) for connection in connections)
    return f"{open_} connections" if open_ > 100 else "cut"


def _is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return all(connection.recv(64) for _ in range(3))
    except BlockingIOError:
        return True
    except OSError:
        return False


def ask_for(site: str, path: str) -> tuple[int, bytes]:
    """The status of an answer of the web page, and its content."""
    parts = urlsplit(site)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()


def guess_tokens(site: str) -> str:
    """Some that are likely, many that are not."""
    chance = random.Random(0)
    guesses = ["", "0", "admin", "%00", "A" * 22, "A" * 5000]
    guesses += [f"{chance.getrandbits(128):x}" for _ in range(10)]
    for guess in guesses:
        for query in (f"token={guess}", f"pass=9999999999.{guess}"):
            status, _ = ask_for(site, f"/stream?{query}")
            if status not in (400, 403):
                return f"status {status} for {query}"
    return "nothing"


def leave_the_page_s_folder(site: str) -> str:
    """Files of the machine, by paths that climb."""
    for path in (
        *("/../server.py", "/..%2fserver.py", "/%2e%2e/server.py", "/....//server.py"),
        *("//etc/passwd", "/static/../../../../etc/passwd", "/..%5cserver.py", "/index.html%00.js"),
    ):
        status, content = ask_for(site, path)
        if status == 200 or b"root:" in content or b"import" in content:
            return f"{path}: {status}"
    return "nothing"


ON_A_SOCKET: dict[Callable[[str], str], str] = {
    speak_nonsense: "nothing",
    send_a_large_message: "cut",
    send_a_message_without_an_end: "cut",
    subscribe_to_much: "cut",
    connect_often: "cut",
}
"""An attack on a port that speaks ZeroMQ, and what should come of it."""
ON_THE_WEB: dict[Callable[[str], str], str] = {
    guess_tokens: "nothing",
    leave_the_page_s_folder: "nothing",
}
