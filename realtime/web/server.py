"""`WebServer`: the thread that serves the page and sends the pictures to the browsers.

The publish thread hands over the newest picture through one slot and never waits; the event loop on
this thread gives it to each viewer's flow. The pictures are the very bytes that ZeroMQ's
subscribers get, encoded once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from aiohttp import web

from realtime.address import Address
from realtime.errors import AddressError
from realtime.web.address import listen
from realtime.web.certificates import certified_names, load_certificate
from realtime.web.complaints import ComplaintHandler, Complaints
from realtime.web.door import Door
from realtime.web.flow import Slot
from realtime.web.gate import Gate, load_key
from realtime.web.invitation import invitation
from realtime.web.machine import hosts
from realtime.web.pages import INDEX, add_headers, load_pages
from realtime.web.viewer import Viewer

MOST_VIEWERS = 8
_GOODBYE_S = 1.0
_IDLE_S = 15.0
"""A connection that asks for nothing is closed."""
_WRONG_TOKEN_S = 0.1
"""So long a wrong token takes, which bounds how many can be tried."""


class WebServer(threading.Thread):
    """`offer` and `inform` are for one thread, the publish thread; the rest is for any."""

    def __init__(
        self,
        address: Address,
        *,
        stream: str,
        certificates: Path | None,
        insecure: bool,
        on_event: Callable[[str], None],
    ) -> None:
        """Listen, see `realtime.web.open_web`; nobody is served before `start`."""
        super().__init__(name="web", daemon=True)
        self._tls = _tls(address, certificates, insecure)
        self._listener = listen(address)
        certified = frozenset() if certificates is None else certified_names(certificates)
        self._hosts = hosts(address, certified)
        self._stream_name = stream
        self._gate = Gate(stream, load_key(on_event))
        self._complaints = Complaints(on_event)
        self._pages = load_pages()
        self._viewers: set[Viewer] = set()
        self._info: str | None = None
        self._lock = threading.Lock()
        self._newest: Slot[tuple[bytes, bool]] = Slot()
        self._viewer_wants_key = False
        # Windows' usual loop cannot wait for a socket to become readable.
        self._loop = asyncio.SelectorEventLoop()
        self._stopping = asyncio.Event()
        if certificates is not None and self._hosts[0].strip("[]") not in certified:
            on_event(
                f"web: the certificate in {certificates} is not for {self._hosts[0]}, so browsers "
                f"will warn: make it again with `python -m realtime.web certificate {certificates}`"
            )

    @property
    def urls(self) -> list[str]:
        """Where the page is, with the token that lets one watch; the likeliest address first."""
        scheme = "https" if self._tls else "http"
        port = self._listener.getsockname()[1]
        return [f"{scheme}://{host}:{port}/#{self._gate.token}" for host in self._hosts]

    def invitation(self, stream: TextIO) -> str:
        """What a terminal shows of the page; `stream` is where it will be written."""
        return invitation(self.urls, stream)

    @property
    def viewers(self) -> int:
        """How many browsers watch now."""
        return len(self._viewers)

    @property
    def wants_key(self) -> bool:
        """Whether a viewer can be sent nothing but a key picture now."""
        return bool(self._viewers) and (self._viewer_wants_key or self._newest.wants_key)

    def offer(self, header: bytes, payload: bytes | memoryview, *, key: bool) -> None:
        """The newest picture, as on the wire, and whether it is a key picture; one that waits to
        be given to the viewers is replaced. Never waits. Raises RuntimeError if the server's
        thread has failed."""
        if not self._viewers:
            return
        message = b"".join((header, payload))
        with self._lock:
            was_empty = self._newest.is_empty
            self._newest.offer((message, key), key=key)
        if was_empty:
            self._loop.call_soon_threadsafe(self._hand_out)

    def inform(self, info: dict[str, Any]) -> None:
        """The newest information, for those who watch and those who come. Never waits."""
        text = json.dumps({"type": "info", "info": info}, allow_nan=False)
        self._loop.call_soon_threadsafe(self._tell, text)

    def run(self) -> None:
        self._loop.set_exception_handler(self._on_loop_error)
        self._loop.run_until_complete(self._serve())

    def close(self) -> None:
        """Say goodbye to the browsers, and wait until the thread has ended."""
        if self.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self.join()
        self._loop.close()
        self._listener.close()
        self._complaints.summarise()

    async def _serve(self) -> None:
        runner = web.AppRunner(
            self._application(),
            access_log=None,
            logger=self._logger(),
            shutdown_timeout=_GOODBYE_S,
            keepalive_timeout=_IDLE_S,
        )
        await runner.setup()
        assert runner.server is not None
        door = Door(self._listener, runner.server, self._tls, self._complaints)
        accepting = asyncio.create_task(door.run())
        accepting.add_done_callback(lambda _: self._stopping.set())
        await self._stopping.wait()
        accepting.cancel()
        await asyncio.gather(*(viewer.close() for viewer in self._viewers))
        await runner.cleanup()
        await door.cut()
        with contextlib.suppress(asyncio.CancelledError):
            await accepting

    def _application(self) -> web.Application:
        application = web.Application()
        application.on_response_prepare.append(add_headers)
        application.router.add_get("/stream", self._stream)
        application.router.add_get("/{name:[a-z_.]*}", self._page)
        return application

    def _logger(self) -> logging.Logger:
        """One for this server alone: what aiohttp has to say becomes complaints."""
        logger = logging.Logger("realtime.web")
        logger.addHandler(ComplaintHandler(self._complaints))
        return logger

    async def _page(self, request: web.Request) -> web.Response:
        page = self._pages.get(request.match_info["name"] or INDEX)
        if page is None:
            raise web.HTTPNotFound
        return web.Response(body=page.body, content_type=page.content_type, charset="utf-8")

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        """The WebSocket. Without the upgrade it tells why there would be none: a browser's script
        does not learn what a WebSocket was refused with."""
        upgrade = request.headers.get("Upgrade", "").lower() == "websocket"
        if upgrade and request.headers.get("Origin") != f"{request.scheme}://{request.host}":
            return self._refuse(403, "it came from another site's page")
        if not self._gate.admits(request.query.get("token", ""), request.query.get("pass", "")):
            await asyncio.sleep(_WRONG_TOKEN_S)
            return self._refuse(403, "it had no token of this run and no pass")
        if len(self._viewers) >= MOST_VIEWERS:
            return self._refuse(503, f"{MOST_VIEWERS} browsers watch already")
        if not upgrade:
            return web.Response(status=426, text="a WebSocket would be accepted")
        viewer = Viewer(self._complaints)
        if self._info is not None:
            viewer.inform(self._info)
        self._viewers.add(viewer)
        self._viewer_wants_key = True
        try:
            return await viewer.serve(request, self._greeting())
        finally:
            self._viewers.discard(viewer)

    def _refuse(self, status: int, reason: str) -> web.Response:
        self._complaints.add(reason, f"a browser was turned away: {reason}")
        return web.Response(status=status, text=reason)

    def _greeting(self) -> str:
        return json.dumps(
            {"type": "hello", "stream": self._stream_name, "pass": self._gate.new_pass()}
        )

    def _hand_out(self) -> None:
        with self._lock:
            newest = self._newest.take()
        if newest is not None:
            message, key = newest
            for viewer in self._viewers:
                viewer.offer(message, key=key)
            self._viewer_wants_key = any(viewer.wants_key for viewer in self._viewers)

    def _tell(self, text: str) -> None:
        self._info = text
        for viewer in self._viewers:
            viewer.inform(text)

    def _on_loop_error(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        self._complaints.add(type(error).__name__, f"{context['message']}: {error!r}")


def _tls(address: Address, certificates: Path | None, insecure: bool) -> ssl.SSLContext | None:
    if certificates is not None:
        return load_certificate(certificates)
    if address.loopback or insecure:
        return None
    raise AddressError(
        f"--web {address.host}:{address.port} can be reached from other machines, where browsers "
        "allow no VR without https: make certificates with `python -m realtime.web certificate "
        "FOLDER` and add --web-cert FOLDER, or --insecure if you mean it; a headset on a cable "
        f"needs neither (--web {address.port} --codec jpeg, adb reverse tcp:{address.port} "
        f"tcp:{address.port})"
    )
