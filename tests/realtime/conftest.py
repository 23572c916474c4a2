"""Fixtures of the live side: a pipeline, a publisher and its subscribers, on real sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import zmq

from realtime.publisher import Publisher
from realtime.sources import Source
from tests.realtime.stage import Stage
from tests.realtime.subscribers import PATIENCE_S, Subscribe


@pytest.fixture
def stage(tiny_bundle: Path) -> Iterator[Callable[..., Stage]]:
    opened: list[Stage] = []

    def make(open_source: Callable[[], Source], **options: Any) -> Stage:
        opened.append(Stage(tiny_bundle, open_source, **options))
        return opened[-1]

    yield make
    for each in opened:
        each.publisher.close()


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    publisher = Publisher("tcp://127.0.0.1:0")
    yield publisher
    publisher.close()


@pytest.fixture
def subscribe() -> Iterator[Subscribe]:
    """A function that connects a subscriber to a publisher."""
    with zmq.Context() as context, ExitStack() as opened:

        def connect(publisher: Publisher, *topics: str, **options: int) -> zmq.Socket[bytes]:
            subscriber = opened.enter_context(context.socket(zmq.SUB))
            for name, value in ({"RCVTIMEO": int(PATIENCE_S * 1000)} | options).items():
                subscriber.setsockopt(getattr(zmq, name), value)
            subscriber.connect(publisher.address)
            for topic in topics:
                subscriber.subscribe(topic)
            return subscriber

        yield connect
