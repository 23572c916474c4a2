"""The page's files, in memory, and the headers that every answer carries."""

from __future__ import annotations

from importlib.resources import files
from typing import NamedTuple

from aiohttp import web

INDEX = "index.html"

_TYPES = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
}
_HEADERS = {
    # Everything comes from this port: no script inside the page's text, no frame around it.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-cache",
    # With these two the browser gives the page a clock of microseconds.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "xr-spatial-tracking=(self)",
    "Referrer-Policy": "no-referrer",
    "Server": "headset-avatar",
    "X-Content-Type-Options": "nosniff",
}


class Page(NamedTuple):
    """One file of the page."""

    body: bytes
    content_type: str


def load_pages() -> dict[str, Page]:
    """Name -> file."""
    return {
        file.name: Page(file.read_bytes(), _TYPES[file.name.rpartition(".")[2]])
        for file in files("realtime.web").joinpath("static").iterdir()
    }


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Put the headers on an answer, as aiohttp's signal `on_response_prepare` wants it."""
    response.headers.update(_HEADERS)
