"""Who may not watch or breaks the rules: refused or bounded, said once, the stream unharmed."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest

from realtime.web.door import MOST_CONNECTIONS
from realtime.web.viewer import ACKNOWLEDGE, MOST_MESSAGE_BYTES, MOST_MESSAGES_PER_S
from tests.realtime.web.serving import (
    PATIENCE_S,
    Browser,
    Served,
    asynchronous,
    browsing,
    connection,
    serving,
    session,
    until,
)


@asynccontextmanager
async def unharmed(served: Served) -> AsyncIterator[Browser]:
    """A browser that watches before and after what is done meanwhile."""
    async with browsing(served) as browser:
        await until(lambda: served.web.viewers >= 1)
        for number, during in enumerate((True, False)):
            sent = served.picture(number)
            assert await browser.picture() == sent
            await browser.acknowledge()
            if during:
                yield browser


async def handshake(
    served: Served, client: aiohttp.ClientSession, query: dict[str, str], **headers: str
) -> int:
    """The status that the server answers a WebSocket's handshake with."""
    try:
        async with client.ws_connect(f"{served.site}/stream", params=query, headers=headers):
            return 101
    except aiohttp.WSServerHandshakeError as refused:
        return refused.status


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"token": ""},
        {"token": "wrong"},
        {"pass": "wrong"},
        {"pass": ".", "token": "\udcff"},
        {"pass": "9999999999." + "0" * 64},
    ],
)
@asynchronous
async def test_a_wrong_token_is_refused(query: dict[str, str]) -> None:
    query = {name: value.encode(errors="replace").decode() for name, value in query.items()}
    with serving() as served:
        async with unharmed(served), session() as client:
            for _ in range(5):
                assert await handshake(served, client, query, Origin=served.site) == 403
            async with client.get(f"{served.site}/stream", params=query) as why:
                assert why.status == 403
        assert served.count("no token of this run and no pass (said once)") == 1
    assert served.said[-1] == "web: it had no token of this run and no pass: 6 times"


@asynchronous
async def test_the_page_of_another_site_is_refused_though_it_has_the_token() -> None:
    with serving() as served:
        query = {"token": served.token}
        other = [
            "https://evil.example",
            "null",
            served.site.replace("127.0.0.1", "localhost"),
            served.site.replace("http:", "https:"),
            served.site + "0",
        ]
        async with unharmed(served), session() as client:
            for origin in other:
                assert await handshake(served, client, query, Origin=origin) == 403, origin
            assert await handshake(served, client, query) == 403
            assert await handshake(served, client, query, Origin=served.site) == 101
        assert served.count("it came from another site's page") == 1


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        ("a text", "it sent a text"),
        (b"", "it sent what is no message"),
        (b"AVA2", "it sent what is no message"),
        (b"AVK1 but no ping", "it sent what is no message"),
        (ACKNOWLEDGE, "it acknowledged a picture that it was not sent"),
    ],
)
@asynchronous
async def test_a_message_against_the_rules_ends_the_connection(
    message: str | bytes, complaint: str
) -> None:
    with serving() as served:
        async with unharmed(served):
            for _ in range(3):
                async with browsing(served) as rude:
                    if isinstance(message, str):
                        await rude.socket.send_str(message)
                    else:
                        await rude.socket.send_bytes(message)
                    assert await rude.closed_with() == aiohttp.WSCloseCode.POLICY_VIOLATION
        assert served.count(complaint) == 1


@asynchronous
async def test_a_large_message_ends_the_connection() -> None:
    with serving() as served:
        async with unharmed(served), browsing(served) as rude:
            await rude.socket.send_bytes(bytes(MOST_MESSAGE_BYTES + 1))
            assert await rude.closed_with() == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
        assert served.count("it broke the rules of WebSockets") == 1


@asynchronous
async def test_a_message_of_100_mb_is_cut_off_at_its_beginning() -> None:
    size = 100 << 20
    with serving() as served:
        async with unharmed(served), connection(served) as (reader, writer):
            await shake_hands(served, reader, writer)
            writer.write(b"\x82\xff" + struct.pack(">Q", size) + bytes(4))
            assert await send_until_cut(writer, size) < size // 4
        assert served.count("it broke the rules of WebSockets") == 1


async def send_until_cut(writer: asyncio.StreamWriter, size: int) -> int:
    """Send up to `size` bytes; how many until the connection was cut."""
    chunk = bytes(1 << 20)
    for sent in range(0, size, len(chunk)):
        try:
            writer.write(chunk)
            await writer.drain()
        except ConnectionError:
            return sent
    return size


async def shake_hands(
    served: Served, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Make a WebSocket of a connection."""
    writer.write(
        f"GET /stream?token={served.token} HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n"
        f"Origin: {served.site}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
    )
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")


@pytest.mark.parametrize(
    "data",
    [
        b"\xc2\x80\x00\x00\x00\x00",  # a reserved bit
        b"\x82\x04AVA1",  # not masked, as only a server may
        b"\x8f\x80\x00\x00\x00\x00",  # an unknown opcode
        b"\x89\xfe\xff\xff" + bytes(4),  # a control frame of 65535 bytes
    ],
)
@asynchronous
async def test_what_is_no_websocket_frame_ends_the_connection(data: bytes) -> None:
    with serving() as served:
        async with unharmed(served), connection(served) as (reader, writer):
            await shake_hands(served, reader, writer)
            writer.write(data)
            writer.write_eof()
            async with asyncio.timeout(PATIENCE_S):
                while await reader.read(1 << 16):
                    pass
            await until(lambda: served.web.viewers == 1)


@asynchronous
async def test_a_flood_of_messages_ends_the_connection() -> None:
    clock = b"AVK1" + bytes(8)
    with serving() as served:
        async with unharmed(served), browsing(served) as rude:
            for _ in range(3 * MOST_MESSAGES_PER_S):
                if rude.socket.closed:
                    break
                await rude.socket.send_bytes(clock)
            assert await rude.closed_with() == aiohttp.WSCloseCode.POLICY_VIOLATION
        assert served.count(f"it sent over {MOST_MESSAGES_PER_S} messages") == 1


@asynchronous
async def test_of_50_connections_no_more_than_so_many_are_taken_in() -> None:
    with serving() as served:
        async with unharmed(served):
            async with AsyncExitStack() as held:
                connections = [
                    await held.enter_async_context(connection(served)) for _ in range(50)
                ]
                await until(lambda: served.count(f"more than {MOST_CONNECTIONS} connections"))
                ended = [await has_ended(reader) for reader, _ in connections]
                assert sum(ended) == 50 + 1 - MOST_CONNECTIONS
            async with browsing(served):  # there is room again
                pass
        assert served.count("more than") == 1


async def has_ended(reader: asyncio.StreamReader) -> bool:
    try:
        async with asyncio.timeout(0.02):
            return await reader.read(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


@pytest.mark.parametrize(
    "request_",
    [
        b"\x00\x01\x02\x03\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
    ],
)
@asynchronous
async def test_garbage_instead_of_a_request_is_refused(request_: bytes) -> None:
    with serving() as served:
        async with unharmed(served):
            for _ in range(3):
                async with connection(served) as (reader, writer):
                    writer.write(request_)
                    async with asyncio.timeout(PATIENCE_S):
                        assert (await reader.readline()).split()[1][:1] in (b"4", b"5")
        assert all("said once" in line or "times" in line for line in served.said)


@asynchronous
async def test_one_that_reads_nothing_holds_up_neither_the_others_nor_the_end() -> None:
    """A picture of 20 MB does not fit into the buffers on the way, so it is stuck half sent."""
    with serving() as served:
        async with browsing(served) as browser, connection(served) as (reader, writer):
            await shake_hands(served, reader, writer)
            await until(lambda: served.web.viewers == 2)
            served.web.offer(b"header", bytes(20 << 20), key=True)
            assert len(await browser.picture()) == 6 + (20 << 20)
            await browser.acknowledge()
            sent = served.picture(1)
            assert await browser.picture() == sent
            await asyncio.get_running_loop().run_in_executor(None, served.web.close)
            assert not served.web.is_alive()
