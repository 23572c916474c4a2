"""The loop of the live side: every frame is accounted for, in order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from realtime.pipeline import STAGES
from realtime.wire import Flag, parse, parse_info
from tests.realtime.stage import (
    PATIENCE_S,
    Pictures,
    Stage,
    accounted_for,
    held_until,
    level,
    subscriber,
)


def test_a_file_is_published_whole_and_in_order_by_a_slow_model(
    stage: Callable[..., Stage],
) -> None:
    watched: list[Stage] = []
    source = held_until(lambda: watched[0].publisher.subscribers > 0, lambda: Pictures(40))
    watched.append(stage(source, delay_s=0.002))
    with subscriber(watched[0].publisher) as socket:
        snapshot = watched[0].run()
        packets = [parse(socket.recv_multipart()) for _ in range(40)]
    assert (snapshot.captured, snapshot.published, snapshot.sent) == (40, 40, 40)
    assert snapshot.dropped == {"infer_busy": 0, "publish_busy": 0, "stopped": 0}
    assert [level(packet) for packet in packets] == [255 - number for number in range(40)]
    assert [packet.header.pts_us for packet in packets] == [number * 1000 for number in range(40)]
    assert [packet.header.seq for packet in packets] == list(range(40))
    assert all(packet.header.flags == Flag.KEY for packet in packets)
    assert all(packet.header.infer_us >= 2000 for packet in packets)


@pytest.mark.parametrize(("quick_s", "where"), [(60.0, "capture"), (0.0, "infer")])
def test_what_is_quick_is_done_by_the_thread_that_has_the_frame(
    stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch, quick_s: float, where: str
) -> None:
    monkeypatch.setattr("realtime.relay.QUICK_S", quick_s)
    places: list[str] = []
    watched = stage(
        lambda: Pictures(30, live=True, period_s=0.05),
        on_pictures=lambda *_: places.append(threading.current_thread().name),
    )
    snapshot = watched.run()
    assert places[0] == "infer"
    assert where in places[1:]
    assert (set(places) == {"infer"}) == (where == "infer")
    assert accounted_for(snapshot)


def test_a_preview_is_offered_each_view_with_its_avatar(stage: Callable[..., Stage]) -> None:
    offered: list[tuple[np.ndarray, np.ndarray]] = []
    watched = stage(lambda: Pictures(20), on_pictures=lambda *pair: offered.append(pair))
    assert watched.run().published == 20
    assert [int(view[0, 0, 0]) for view, _ in offered] == list(range(20))
    assert all((avatar == 255 - view).all() for view, avatar in offered)
    assert all(view.shape == avatar.shape == (64, 64, 3) for view, avatar in offered)


def test_a_camera_that_is_faster_than_the_model_loses_frames_that_are_counted(
    stage: Callable[..., Stage],
) -> None:
    snapshot = stage(lambda: Pictures(60, live=True, period_s=0.002), delay_s=0.03).run()
    assert snapshot.captured == 60
    assert snapshot.dropped["infer_busy"] > 0
    assert snapshot.dropped["stopped"] == 0
    assert accounted_for(snapshot)
    assert snapshot.fps_in > snapshot.fps_out > 0


def test_frames_that_the_encoder_is_too_slow_for_are_counted_apart(
    stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow_encode(*_: object, **__: object) -> tuple[bytes, Flag]:
        time.sleep(0.03)
        return b"x", Flag.KEY

    monkeypatch.setattr("realtime.publish.Encoder.encode", slow_encode)
    watched: list[Stage] = []
    source = held_until(
        lambda: watched[0].publisher.subscribers > 0,
        lambda: Pictures(60, live=True, period_s=0.002),
    )
    watched.append(stage(source))
    with subscriber(watched[0].publisher):
        snapshot = watched[0].run()
    assert snapshot.dropped["publish_busy"] > 0
    assert snapshot.latency_ms["encode"]["p50"] >= 30
    assert accounted_for(snapshot)


def test_a_publisher_that_hangs_is_not_put_down_to_the_model(
    stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()

    def stuck(*_: object, **__: object) -> tuple[bytes, Flag]:
        goes_on.wait(PATIENCE_S)
        return b"x", Flag.KEY

    monkeypatch.setattr("realtime.publish.Encoder.encode", stuck)
    watched = stage(lambda: Pictures(10_000, live=True, period_s=0.01))
    with subscriber(watched.publisher):
        watched.pipeline.start()
        try:
            watched.wait_until(lambda snapshot: "publisher_stalls" in snapshot.trouble)
            assert "model_stalls" not in watched.pipeline.trouble
        finally:
            goes_on.set()
            watched.pipeline.stop()


def test_nothing_is_encoded_for_nobody(
    stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("realtime.publish.Encoder.encode")
    snapshot = stage(lambda: Pictures(20)).run()
    assert (snapshot.published, snapshot.sent) == (20, 0)
    assert set(snapshot.latency_ms) == set(STAGES)
    for figures in snapshot.latency_ms.values():
        assert 0 <= figures["p50"] <= figures["p95"] <= figures["p99"] <= figures["max"]
    assert snapshot.latency_ms["total"]["p50"] >= snapshot.latency_ms["infer"]["p50"]


def test_a_newcomer_is_told_everything_at_once(stage: Callable[..., Stage]) -> None:
    watched = stage(lambda: Pictures(10_000, live=True, period_s=0.005))
    watched.pipeline.start()
    try:
        watched.wait_until(lambda snapshot: snapshot.published > 5)
        with subscriber(watched.publisher, b"info/main") as socket:
            stream, info = parse_info(socket.recv_multipart())
    finally:
        watched.pipeline.stop()
    assert stream == info["stream"] == "main"
    assert info["schema"] == 1
    assert info["bundle"].startswith("tiny@")
    assert info["backend"] == "onnxruntime-cpu"
    assert info["source"] == {"name": "pictures", "state": "live"}
    assert info["clock"] == "tcp://127.0.0.1:1"
    assert set(info["latency_ms"]) == set(STAGES)
    assert info["dropped"].keys() == {"infer_busy", "publish_busy"}


def test_a_source_that_changes_its_size_goes_on(stage: Callable[..., Stage]) -> None:
    source = Pictures(9, size_px=lambda seq: (64, 64) if seq < 5 else (100, 80))
    watched = stage(lambda: source)
    assert watched.run().published == 9
    assert [event for event in watched.events if "changed" in event] == [
        "the source changed from 64x64 to 100x80 pixels"
    ]


def test_a_limit_of_frames_is_kept_exactly(stage: Callable[..., Stage]) -> None:
    snapshot = stage(lambda: Pictures(100), frames=7).run()
    assert snapshot.published == 7
    assert snapshot.captured > 7
    assert snapshot.dropped["stopped"] == snapshot.captured - 7


def test_what_was_captured_before_the_stop_is_published(stage: Callable[..., Stage]) -> None:
    watched = stage(lambda: Pictures(10_000, live=True, period_s=0.002), delay_s=0.005)
    watched.pipeline.start()
    watched.wait_until(lambda snapshot: snapshot.published > 3)
    assert not watched.pipeline.wait(0.0)
    watched.pipeline.stop()
    snapshot = watched.pipeline.snapshot()
    assert snapshot.source_state == "ended"
    assert snapshot.dropped["stopped"] == 0
    assert accounted_for(snapshot)
