"""Browsers and ZeroMQ's subscribers get the same bytes from one publisher."""

from __future__ import annotations

import pytest
import zmq

from realtime.publisher import Publisher
from realtime.wire import MAGIC, Codec, Form, Header, parse
from tests.realtime.web.serving import PATIENCE_S, asynchronous, browsing, serving, until

HEADER = Header(codec=Codec.RAW, capture_us=1, pts_us=2, width=1, height=1, infer_us=3)


@pytest.mark.parametrize("form", ["multipart", "single"])
@asynchronous
async def test_a_browser_gets_what_a_subscriber_gets(form: Form) -> None:
    publisher = Publisher("tcp://127.0.0.1:0", wire=form)
    with serving() as served, zmq.Context() as context, context.socket(zmq.SUB) as subscriber:
        publisher.add(served.web)
        subscriber.setsockopt(zmq.RCVTIMEO, int(PATIENCE_S * 1000))
        subscriber.connect(publisher.address)
        subscriber.subscribe("avatar/")
        async with browsing(served) as browser:
            await until(lambda: publisher.poll(10) or publisher.subscribers == 2)
            publisher.send_info({"bundle": "tiny"})
            assert (await browser.text())["info"] == {"bundle": "tiny"}
            for seq in range(3):
                publisher.send(HEADER, b"rgb")
                parts = subscriber.recv_multipart()
                message = await browser.picture()
                await browser.acknowledge()
                assert b"".join(parts) == b"avatar/main" + message
                assert message.startswith(MAGIC)
                assert parse(parts).header.seq == seq
    publisher.close()


@asynchronous
async def test_who_watches_in_a_browser_counts_as_a_subscriber() -> None:
    publisher = Publisher("tcp://127.0.0.1:0")
    with serving() as served:
        publisher.add(served.web)
        publisher.poll(0)
        assert publisher.subscribers == 0
        async with browsing(served):
            await until(lambda: publisher.poll(0) or publisher.subscribers == 1)
        await until(lambda: publisher.poll(0) or publisher.subscribers == 0)
    publisher.close()
