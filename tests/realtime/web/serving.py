"""A real server of pages on a free port, and browsers as far as a server can tell."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ParamSpec
from urllib.parse import urlsplit

import aiohttp

from realtime.web import open_web
from realtime.web.server import WebServer
from realtime.web.viewer import ACKNOWLEDGE

PATIENCE_S = 10.0
QUIET_S = 0.2
"""What has not come by then does not come."""

P = ParamSpec("P")
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def asynchronous(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """A test that is a coroutine, for pytest; one that hangs fails."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(asyncio.wait_for(_as_coroutine(test(*args, **kwargs)), 6 * PATIENCE_S))

    return run


async def _as_coroutine(test: Awaitable[None]) -> None:
    await test


@dataclass
class Served:
    """A server, and what it said to people."""

    web: WebServer
    said: list[str] = field(default_factory=list)

    @property
    def site(self) -> str:
        """Without a slash at its end."""
        parts = urlsplit(self.web.urls[0])
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def port(self) -> int:
        return urlsplit(self.web.urls[0]).port or 0

    @property
    def token(self) -> str:
        return urlsplit(self.web.urls[0]).fragment

    def picture(self, number: int, *, key: bool = True) -> bytes:
        """Offer a picture that is no more than a number; the message that browsers get."""
        header, payload = number.to_bytes(4, "big"), b"picture"
        self.web.offer(header, payload, key=key)
        return header + payload

    def count(self, words: str) -> int:
        """How many of the things said have these words in them."""
        return sum(words in line for line in self.said)


@contextmanager
def serving(
    bind: str = "0",
    *,
    stream: str = "main",
    certificates: Path | None = None,
    insecure: bool = False,
) -> Iterator[Served]:
    said: list[str] = []
    web = open_web(
        bind, stream=stream, certificates=certificates, insecure=insecure, on_event=said.append
    )
    web.start()
    try:
        yield Served(web, said)
    finally:
        web.close()


class Browser:
    """A WebSocket as the page has one."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.greeting: dict[str, Any] = {}

    async def text(self) -> dict[str, Any]:
        content = json.loads(await self.socket.receive_str(timeout=PATIENCE_S))
        assert isinstance(content, dict)
        return content

    async def picture(self) -> bytes:
        return await self.socket.receive_bytes(timeout=PATIENCE_S)

    async def picture_after(self, served: Served) -> bytes:
        """The picture number 1, offered now; the one before must have been acknowledged."""
        served.picture(1)
        return await self.picture()

    async def acknowledge(self) -> None:
        await self.socket.send_bytes(ACKNOWLEDGE)

    async def nothing_comes(self) -> bool:
        try:
            await self.socket.receive(timeout=QUIET_S)
        except TimeoutError:
            return True
        return False

    async def closed_with(self) -> int | None:
        """The code that the server closes with."""
        while not self.socket.closed:
            await self.socket.receive(timeout=PATIENCE_S)
        return self.socket.close_code


@asynccontextmanager
async def session(tls: ssl.SSLContext | None = None) -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.TCPConnector(ssl=tls or True, limit=0)
    async with aiohttp.ClientSession(connector=connector) as client:
        yield client
    await asyncio.sleep(0)  # its connections close in the loop's next turn


@asynccontextmanager
async def browsing(
    served: Served, *, token: str | None = None, pass_: str = "", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Browser]:
    """A browser that watches. Raises aiohttp.WSServerHandshakeError if it is not let in."""
    query = {"token": served.token if token is None else token, "pass": pass_}
    async with session(tls) as client:
        async with client.ws_connect(
            f"{served.site}/stream", params=query, origin=served.site, max_msg_size=0
        ) as socket:
            browser = Browser(socket)
            browser.greeting = await browser.text()
            yield browser


@asynccontextmanager
async def connection(served: Served) -> AsyncIterator[Connection]:
    """A bare TCP connection, for bytes that no library would send."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def until(condition: Callable[[], object]) -> None:
    """Return once it holds; fail if it does not for long."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.005)
