"""`Door`: takes in TCP connections, no more than so many, and each only as what it should be.

A connection that says nothing, speaks HTTP where HTTPS is served or the other way round, or does
not finish its TLS handshake is closed here and never reaches the HTTP server. Nor does one too
many: those that are served go on undisturbed.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable

from realtime.web.complaints import Complaints

MOST_CONNECTIONS = 40
"""A page loads its files over up to six and keeps one."""
FIRST_BYTE_S = 10.0
HANDSHAKE_S = 10.0
CUT_S = 1.0

_TLS_HANDSHAKE = 0x16
_SPEAK_HTTPS = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"
    b"This port speaks https: put https:// before the address.\n"
)


class Door:
    """Accepts on `listener` and gives each connection a protocol of `make_protocol`."""

    def __init__(
        self,
        listener: socket.socket,
        make_protocol: Callable[[], asyncio.Protocol],
        tls: ssl.SSLContext | None,
        complaints: Complaints,
    ) -> None:
        """`tls`: None serves plain HTTP."""
        self._listener, self._make_protocol = listener, make_protocol
        self._tls, self._complaints = tls, complaints
        self._entering: set[asyncio.Task[None]] = set()
        self._connections: dict[socket.socket, asyncio.Transport | None] = {}

    async def run(self) -> None:
        """Accept until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(self._listener)
            except OSError as error:
                self._complaints.add("accept", f"cannot take in a connection: {error}")
                await asyncio.sleep(0.1)
                continue
            self._connections = self._open()
            if len(self._connections) >= MOST_CONNECTIONS:
                connection.close()
                what = f"more than {MOST_CONNECTIONS} connections"
                self._complaints.add(what, f"{what}: a new one was closed")
                continue
            self._connections[connection] = None
            task = asyncio.create_task(self._enter(connection))
            self._entering.add(task)
            task.add_done_callback(self._entering.discard)

    async def cut(self) -> None:
        """End all connections, with what was not taken yet of what they were sent."""
        for task in self._entering:
            task.cancel()
        for transport in self._open().values():
            if transport is not None:
                transport.abort()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CUT_S):
                while self._open():
                    await asyncio.sleep(0)

    def _open(self) -> dict[socket.socket, asyncio.Transport | None]:
        return {it: transport for it, transport in self._connections.items() if it.fileno() >= 0}

    async def _enter(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        welcome = False
        try:
            async with asyncio.timeout(FIRST_BYTE_S):
                first = await _peek(connection)
            welcome = first != b"" and (first[0] == _TLS_HANDSHAKE) == (self._tls is not None)
            if first and not welcome:
                self._send_away(connection)
        except OSError:
            pass  # it left, or said nothing (TimeoutError): browsers connect ahead of any need
        finally:
            if not welcome:
                connection.close()
        if welcome:
            await self._hand_over(connection)

    async def _hand_over(self, connection: socket.socket) -> None:
        """From here on asyncio closes the connection, whatever happens."""
        try:
            transport, _ = await asyncio.get_running_loop().connect_accepted_socket(
                self._make_protocol,
                connection,
                ssl=self._tls,
                ssl_handshake_timeout=HANDSHAKE_S if self._tls else None,
            )
        except OSError as error:  # ssl.SSLError is one
            self._complaints.add("failed connection", f"a connection failed: {error}")
        else:
            self._connections[connection] = transport

    def _send_away(self, connection: socket.socket) -> None:
        asked, served = ("http", "https") if self._tls else ("https", "http")
        self._complaints.add(
            f"{asked} on an {served} port",
            f"somebody asked for {asked}:// on this port, which serves {served}://",
        )
        connection.recv(1 << 16)  # what is left unread would make closing a reset
        if self._tls:
            connection.send(_SPEAK_HTTPS)


async def _peek(connection: socket.socket) -> bytes:
    """The first byte, which stays there to be read; empty if the peer has left."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(connection, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(connection)
    return connection.recv(1, socket.MSG_PEEK)
