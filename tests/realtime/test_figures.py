"""What the client says of a stream: its figures, and that the picture is old."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from realtime.client import Client
from realtime.client.figures import alert, figures
from realtime.wire import Flag, pack_info
from tests.realtime.broadcast import PATIENCE_S, RawPublisher, raw_publisher, wait_until

INFO = {
    "bundle": "tiny@01234567",
    "backend": "onnxruntime-cpu",
    "source": {"name": "demo", "state": "live"},
    "dropped": {"infer_busy": 3, "publish_busy": 1},
}


@pytest.fixture
def raw() -> Iterator[RawPublisher]:
    with raw_publisher() as publisher:
        yield publisher


@pytest.fixture
def client(raw: RawPublisher) -> Iterator[Client]:
    with Client(raw.address) as client:
        raw.wait_for_subscriber()
        yield client


def tell(raw: RawPublisher, client: Client, info: dict[str, object]) -> None:
    raw.send(*pack_info("info/main", info))
    wait_until(lambda: client.info == info)


class Recorder:
    name, taken, dropped = "clip.mp4", 7, 2


def test_everything_known_is_said(raw: RawPublisher, client: Client) -> None:
    tell(raw, client, INFO)
    raw.send_picture(seq=0)
    raw.send_picture(seq=3)
    wait_until(lambda: client.tally.received == 2)
    assert client.read(PATIENCE_S)
    speed, *lines = figures(client, [Recorder()])  # type: ignore[list-item]
    assert " fps  age p50 " in speed
    assert lines == [
        "lost 2  skipped 1  damaged 0",
        "source live  dropped 4  demo",
        "bundle tiny@01234567  onnxruntime-cpu",
        "clip.mp4  7 taken  2 dropped",
    ]


def test_nothing_known_is_no_obstacle(client: Client) -> None:
    assert figures(client) == [
        "0.0 fps  age unknown",
        "lost 0  skipped 0  damaged 0",
        "source ?  dropped ?  ?",
        "bundle ?  ?",
    ]
    assert alert(client, None, 0.0) == f"waiting for {client.address}"


def test_nonsense_of_a_stranger_does_not_steer_the_terminal(
    raw: RawPublisher, client: Client
) -> None:
    tell(raw, client, {"source": "\x1b[2J", "bundle": "\x1b[31m" + "x" * 1000, "dropped": [1]})
    _, _, source, bundle = figures(client)
    assert source == "source ?  dropped ?  ?"
    assert bundle.startswith("bundle ?[31mxxx")
    assert len(bundle) < 80


def test_an_old_picture_is_called_old(raw: RawPublisher, client: Client) -> None:
    tell(raw, client, INFO)
    raw.send_picture(seq=0)
    newest = client.read(PATIENCE_S)
    assert alert(client, newest, 0.1) is None
    assert alert(client, newest, 3.0) == "no picture for 3 s"
    raw.send_picture(seq=1, flags=Flag.KEY | Flag.SOURCE_LOST)
    repeat = client.read(PATIENCE_S)
    assert alert(client, repeat, 0.1) == "camera lost: picture is 0 s old"
    tell(raw, client, INFO | {"source": {"name": "demo", "state": "stalled"}})
    assert alert(client, repeat, 0.1) == "camera stalled: picture is 0 s old"
    tell(raw, client, INFO | {"source": {"name": "demo", "state": "ended"}})
    assert alert(client, newest, 3.0) == "the stream has ended"


def test_a_connection_that_is_gone_is_said() -> None:
    with raw_publisher() as raw, Client(raw.address) as client:
        raw.wait_for_subscriber()
        raw.send_picture(seq=0)
        newest = client.read(PATIENCE_S)
        address = raw.address
    assert address
    with Client(address) as client:
        assert alert(client, newest, 5.0) == "no picture for 5 s: not connected"
