"""The browser's end of the stream: one port that serves a page and, over a WebSocket, the pictures.

    server.py        the thread that runs it all; `offer` is where the pictures come in
    address.py       what --web may be: 8443, 0.0.0.0:8443
    door.py          takes in connections: no more than so many, and only as what they should be
    gate.py          who may watch: the run's token, the pass of a browser that was let in before
    pages.py         the page's files and the headers that every answer carries
    viewer.py        one browser's WebSocket
    flow.py          what it is sent: the newest picture, at most two on the way
    complaints.py    what strangers do wrong, said once a kind and counted
    invitation.py    what the terminal shows: where to open the page, and a QR code
    certificates.py  a local authority and this machine's certificate; `python -m realtime.web`
    machine.py       the names and addresses that other machines know this one by
    static/          the page: plain ES modules, served as they are

A picture travels as in ZeroMQ's multipart form, without the topic: `header|payload` in one binary
message (realtime/wire.py). docs/browser.md has the other messages. The libraries are those of the
extra [web]; only `open_web` imports what needs them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from realtime.errors import UsageError
from realtime.web.address import parse_web_address

if TYPE_CHECKING:
    from realtime.web.server import WebServer

__all__ = ["open_web", "parse_web_address"]


def open_web(
    bind: str,
    *,
    stream: str,
    certificates: Path | None,
    insecure: bool,
    on_event: Callable[[str], None],
) -> WebServer:
    """Listen on `bind`, see `parse_web_address`; `start` it, `offer` pictures, `close` it.

    certificates: the folder that `python -m realtime.web certificate` wrote; None is plain HTTP,
    which only this machine may use unless `insecure`. `on_event` gets sentences for people.
    Raises `UsageError` where the extra is not installed, for an address that makes no sense and for
    certificates that cannot be used; `AddressError` for an address that cannot be listened on, or
    may not be without certificates.
    """
    try:
        from realtime.web.server import WebServer
    except ModuleNotFoundError as error:
        raise UsageError(
            f"--web needs the extra [web] ({error}): pip install 'headset-avatar[web]', or "
            "pip install -e '.[web]' in the folder of launch.py"
        ) from error
    return WebServer(
        parse_web_address(bind),
        stream=stream,
        certificates=certificates,
        insecure=insecure,
        on_event=on_event,
    )
