"""The server of the page, spoken to over real sockets by well-behaved browsers."""

from __future__ import annotations

import asyncio
import re
import socket
from pathlib import Path

import aiohttp
import pytest

from realtime.clock import OffsetFilter
from realtime.errors import AddressError
from realtime.frame import unix_us
from realtime.web.server import MOST_VIEWERS
from tests.realtime.web.serving import (
    QUIET_S,
    asynchronous,
    browsing,
    connection,
    serving,
    session,
    until,
)


@asynchronous
async def test_the_page_and_all_it_asks_for_are_served_with_their_headers() -> None:
    with serving() as served:
        async with session() as client:
            async with client.get(f"{served.site}/") as page:
                text = await page.text()
                assert (page.status, page.content_type) == (200, "text/html")
            assert "<script>" not in text
            assert " style=" not in text
            names = re.findall(r'(?:src|href)="([^"]+)"', text)
            assert {"main.js", "style.css"} <= set(names)
            for name in names:
                async with client.get(f"{served.site}/{name}") as part:
                    assert part.status == 200, name
                    policy = part.headers["Content-Security-Policy"]
                    assert "default-src 'none'" in policy
                    assert "frame-ancestors 'none'" in policy
                    assert part.headers["X-Content-Type-Options"] == "nosniff"
                    assert part.headers["Referrer-Policy"] == "no-referrer"


@asynchronous
async def test_every_module_imports_only_modules_that_are_served() -> None:
    with serving() as served:
        async with session() as client:
            todo, seen = ["main.js"], set()
            while todo:
                seen.add(name := todo.pop())
                async with client.get(f"{served.site}/{name}") as module:
                    assert module.status == 200, name
                    assert module.content_type == "text/javascript"
                    imported = re.findall(r'from "\./([^"]+)"', await module.text())
                todo += [other for other in imported if other not in seen]
            assert "wire.js" in seen


@pytest.mark.parametrize(
    "path", ["/nothing.js", "/..%2fserver.py", "/static/", "//etc/passwd", "/%2e%2e/server.py"]
)
@asynchronous
async def test_nothing_else_is_served(path: str) -> None:
    with serving() as served:
        async with connection(served) as (reader, writer):
            writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            assert (await reader.read()).startswith(b"HTTP/1.1 404 ")


@asynchronous
async def test_a_browser_gets_the_very_bytes() -> None:
    with serving() as served:
        async with browsing(served) as browser:
            await until(lambda: served.web.viewers == 1)
            header, payload = bytes(range(64)), memoryview(b"payload" * 30_000)
            served.web.offer(header, payload, key=True)
            assert await browser.picture() == header + payload


@asynchronous
async def test_two_pictures_are_on_the_way_and_then_the_newest() -> None:
    with serving() as served:
        async with browsing(served) as browser:
            await until(lambda: served.web.viewers == 1)
            sent = []
            for number in range(9):
                sent.append(served.picture(number))
                await asyncio.sleep(0.02)  # so that each is handed out
            assert [await browser.picture(), await browser.picture()] == sent[:2]
            await browser.acknowledge()
            assert await browser.picture() == sent[-1]
            assert await browser.nothing_comes()


@asynchronous
async def test_a_browser_that_acknowledges_nothing_disturbs_no_other() -> None:
    with serving() as served:
        async with browsing(served), browsing(served) as good:
            await until(lambda: served.web.viewers == 2)
            for number in range(50):
                sent = served.picture(number)
                assert await good.picture() == sent
                await good.acknowledge()


@asynchronous
async def test_the_information_goes_to_those_who_watch_and_those_who_come() -> None:
    with serving() as served:
        async with browsing(served) as first:
            await until(lambda: served.web.viewers == 1)
            served.web.inform({"bundle": "tiny"})
            assert await first.text() == {"type": "info", "info": {"bundle": "tiny"}}
            async with browsing(served) as late:
                assert late.greeting["stream"] == "main"
                assert await late.text() == {"type": "info", "info": {"bundle": "tiny"}}


@asynchronous
async def test_who_watches_is_counted() -> None:
    with serving() as served:
        async with browsing(served), browsing(served):
            await until(lambda: served.web.viewers == 2)
        await until(lambda: served.web.viewers == 0)
        served.picture(1)  # for nobody


@asynchronous
async def test_a_ping_is_answered_with_the_time() -> None:
    clock = OffsetFilter()
    with serving() as served:
        async with browsing(served) as browser:
            await browser.socket.send_bytes(clock.ping(unix_us()))
            assert clock.take(await browser.picture(), unix_us())
    assert clock.offset_us is not None
    assert clock.round_trip_us is not None
    assert abs(clock.offset_us) <= clock.round_trip_us


@asynchronous
async def test_no_more_browsers_than_so_many_watch() -> None:
    with serving() as served:
        async with session() as client:
            query = {"token": served.token}
            url = f"{served.site}/stream"
            watching = [
                await client.ws_connect(url, params=query, origin=served.site)
                for _ in range(MOST_VIEWERS)
            ]
            await until(lambda: served.web.viewers == MOST_VIEWERS)
            for _ in range(3):
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    await client.ws_connect(url, params=query, origin=served.site)
                assert refused.value.status == 503
            async with client.get(url, params=query) as why:
                assert why.status == 503
            await watching[0].close()
            await until(lambda: served.web.viewers < MOST_VIEWERS)
            async with browsing(served):
                pass
            for socket_ in watching:
                await socket_.close()
        assert served.count(f"{MOST_VIEWERS} browsers watch already") == 1


@asynchronous
async def test_the_end_of_the_program_says_goodbye() -> None:
    with serving() as served:
        async with browsing(served) as browser:
            closing = asyncio.get_running_loop().run_in_executor(None, served.web.close)
            assert await browser.closed_with() == aiohttp.WSCloseCode.GOING_AWAY
            await closing
        assert not served.web.is_alive()


@asynchronous
async def test_a_page_goes_on_after_a_restart_by_its_pass() -> None:
    with serving() as served:
        async with browsing(served) as browser:
            old_token, old_pass = served.token, browser.greeting["pass"]
    with serving() as served:
        assert served.token != old_token
        async with browsing(served, token=old_token, pass_=old_pass) as browser:
            assert browser.greeting["stream"] == "main"
    with serving(stream="other") as served:
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            async with browsing(served, token=old_token, pass_=old_pass):
                pass


@asynchronous
async def test_where_the_key_cannot_be_kept_it_is_said_and_works(state_home: Path) -> None:
    state_home.write_text("a file where the folder should be")
    with serving() as served:
        async with browsing(served):
            pass
    assert served.count("will not go on by themselves after a restart") == 1


def test_a_busy_port_is_said_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with pytest.raises(
            AddressError, match=rf"cannot serve the page on 127\.0\.0\.1:{port}: .*in use"
        ):
            with serving(str(port)):
                pass


def test_an_address_for_others_needs_certificates_or_consent() -> None:
    with pytest.raises(
        AddressError, match=r"can be reached from other machines.*--web-cert FOLDER"
    ):
        with serving("0.0.0.0:0"):
            pass
    with serving("0.0.0.0:0", insecure=True) as served:
        assert served.web.urls[0].startswith("http://")


@asynchronous
async def test_pictures_that_come_faster_than_the_loop_turns_are_replaced() -> None:
    """The publish thread never waits: of a burst only the newest needs to arrive."""
    with serving() as served:
        async with browsing(served) as browser:
            await until(lambda: served.web.viewers == 1)
            for number in range(2000):
                newest = served.picture(number)
            await asyncio.sleep(QUIET_S)
            got = [await browser.picture()]
            while got[-1] != newest:
                await browser.acknowledge()
                got.append(await browser.picture())
            assert len(got) < 2000
            assert got == sorted(got)
