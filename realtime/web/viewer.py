"""`Viewer`: one browser's WebSocket. It is sent pictures as its flow allows, and information.

From the browser come binary messages only: `AVA1` acknowledges a picture, `AVK1` and a time is a
ping for the clock (realtime/clock.py). Anything else ends the connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import time

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from realtime.clock import answer
from realtime.frame import unix_us
from realtime.web.complaints import Complaints
from realtime.web.flow import Flow

ACKNOWLEDGE = b"AVA1"
MOST_MESSAGE_BYTES = 64
MOST_MESSAGES_PER_S = 500
"""Pictures at 240 fps, twice over, and a ping now and then."""
PING_PERIOD_S = 10.0
"""A browser that lost its power or its network never says goodbye."""
CLOSE_S = 1.0


class Viewer:
    """Belongs to the event loop's thread."""

    def __init__(self, complaints: Complaints) -> None:
        # The pictures are compressed already, so the WebSocket does not compress.
        self._socket = web.WebSocketResponse(
            max_msg_size=MOST_MESSAGE_BYTES,
            heartbeat=PING_PERIOD_S,
            timeout=CLOSE_S,
            compress=False,
        )
        self._complaints = complaints
        self._flow: Flow[bytes] = Flow()
        self._text: str | None = None
        self._wake = asyncio.Event()
        self._second, self._messages = 0, 0

    @property
    def wants_key(self) -> bool:
        """Whether nothing but a key picture can be sent to it now."""
        return self._flow.wants_key

    def offer(self, message: bytes, *, key: bool) -> None:
        """The newest picture, `header|payload`; whether it is a key picture."""
        self._flow.offer(message, key=key)
        self._wake.set()

    def inform(self, text: str) -> None:
        """The newest information; one that was not sent yet is replaced."""
        self._text = text
        self._wake.set()

    async def serve(self, request: web.Request, greeting: str) -> web.WebSocketResponse:
        """Shake hands, greet, and serve until the browser leaves, or has to."""
        await self._socket.prepare(request)
        await self._socket.send_str(greeting)
        sender = asyncio.create_task(self._send())
        try:
            async for message in self._socket:
                if (wrong := await self._take(message)) is not None:
                    self._complaints.add(wrong, f"a browser was disconnected: {wrong}")
                    await self._close(WSCloseCode.POLICY_VIOLATION)
        finally:
            sender.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await sender
        return self._socket

    async def close(self) -> None:
        """Say goodbye: the program ends."""
        if self._socket.prepared:
            await self._close(WSCloseCode.GOING_AWAY)

    async def _close(self, code: WSCloseCode) -> None:
        # It may be one that reads nothing: do not wait until it has.
        await self._socket.close(code=code, drain=False)

    async def _send(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            text, self._text = self._text, None
            if text is not None:
                await self._socket.send_str(text)
            while (message := self._flow.take()) is not None:
                await self._socket.send_bytes(message)

    async def _take(self, message: WSMessage) -> str | None:
        """Do what it asks for; what is wrong with it, if anything."""
        receive_us = unix_us()
        if message.type == WSMsgType.ERROR:
            return "it broke the rules of WebSockets, or sent too much at once"
        if message.type != WSMsgType.BINARY:
            return "it sent a text"
        if self._too_often():
            return f"it sent over {MOST_MESSAGES_PER_S} messages in a second"
        if message.data == ACKNOWLEDGE:
            if not self._flow.acknowledge():
                return "it acknowledged a picture that it was not sent"
            self._wake.set()
            return None
        pong = answer(message.data, receive_us, unix_us())
        if pong is None:
            return "it sent what is no message"
        with contextlib.suppress(ConnectionError):  # it left meanwhile; the loop ends by itself
            await self._socket.send_bytes(pong)
        return None

    def _too_often(self) -> bool:
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._messages = second, 0
        self._messages += 1
        return self._messages > MOST_MESSAGES_PER_S
