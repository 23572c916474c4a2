"""The receiving end, against real publishers: good ones, restarted ones, broken ones."""

from __future__ import annotations

import doctest
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import realtime.client
import realtime.clock
from realtime.client import Client
from realtime.client.tally import Tally
from realtime.errors import AddressError, UsageError
from realtime.frame import unix_us
from realtime.wire import Flag, Form, pack_info, pack_message
from tests.realtime.broadcast import (
    PATIENCE_S,
    Broadcast,
    RawPublisher,
    header,
    picture,
    raw_publisher,
    wait_until,
)


@pytest.fixture
def raw() -> Iterator[RawPublisher]:
    with raw_publisher() as publisher:
        yield publisher


@pytest.mark.parametrize("form", ["multipart", "single"])
def test_every_picture_arrives_as_it_was_sent(form: Form) -> None:
    with Broadcast(form=form, period_s=0.02) as broadcast, Client(broadcast.address) as client:
        for _ in range(10):
            packet, image = client.read_image(PATIENCE_S) or pytest.fail("no picture")
            assert np.array_equal(image, picture(packet.header.seq))
        wait_until(lambda: client.clock_offset_ms is not None)
        report = client.report()

    assert report["received"] >= 10
    assert (report["lost"], report["crc_errors"], report["malformed"]) == (0, 0, {})
    assert (report["stream"], report["bundle"]) == ("main", "tiny@01234567")
    assert report["address"] == broadcast.address
    assert 5 < report["fps"] < 50
    assert 0 <= report["age_ms"]["p50"] <= report["age_ms"]["max"] < 1000 * PATIENCE_S
    assert abs(report["clock_offset_ms"]) < 100


def test_a_slow_reader_gets_the_newest_and_loses_nothing() -> None:
    with Broadcast() as broadcast, Client(broadcast.address) as client:
        for _ in range(3):
            assert client.read(PATIENCE_S)
            sent_before = broadcast.publisher.sent
            wait_until(lambda before=sent_before: client.tally.received > before + 20)
            received = client.tally.received
            packet = client.read(PATIENCE_S)
            assert packet is not None
            assert packet.header.seq >= received - 1

        assert client.skipped > 50
        assert client.tally.lost == 0


@pytest.mark.parametrize("reads", [True, False])
def test_who_waits_takes_the_picture_itself_and_else_the_thread_does(
    monkeypatch: pytest.MonkeyPatch, reads: bool
) -> None:
    takers: list[str] = []
    take = Tally.take

    def noted(self: Tally, *picture: Any) -> None:
        takers.append(threading.current_thread().name)
        take(self, *picture)

    monkeypatch.setattr(Tally, "take", noted)
    with Broadcast(period_s=0.02) as broadcast, Client(broadcast.address) as client:
        assert client.read(PATIENCE_S)
        takers.clear()
        while len(takers) < 20:
            if reads:
                assert client.read(PATIENCE_S)
            else:
                time.sleep(0.01)
    # Between two reads the thread may come by.
    assert takers.count("MainThread") > 10 if reads else set(takers) == {"client"}


def test_nothing_to_read_is_none_after_the_timeout() -> None:
    with Broadcast(limit=0) as broadcast, Client(broadcast.address) as client:
        wait_until(lambda: client.connected)

        assert client.read(0.01) is None
        assert client.read_image(0.01) is None
        assert client.report()["age_ms"]["p50"] is None
        assert client.report()["fps"] == 0


def test_a_restarted_publisher_is_found_again_and_is_no_loss() -> None:
    with Broadcast() as first:
        client = Client(first.address)
        assert client.read(PATIENCE_S)
    wait_until(lambda: not client.connected)
    with client, Broadcast(first.address):
        wait_until(lambda: client.tally.restarts == 1)

        assert client.connected
        assert client.tally.lost == 0


def test_a_client_may_come_before_the_publisher() -> None:
    with Broadcast() as broadcast:
        address = broadcast.address
    with Client(address) as client:
        assert client.read(0.1) is None
        assert not client.connected
        with Broadcast(address):
            assert client.read(PATIENCE_S)


def test_gaps_are_losses_and_the_wrap_is_none(raw: RawPublisher) -> None:
    with Client(raw.address) as client:
        raw.wait_for_subscriber()
        for seq in (2**32 - 3, 2**32 - 1, 0, 4):
            raw.send_picture(seq=seq)
        raw.send_picture(seq=1000, stream_id=7)
        wait_until(lambda: client.tally.received == 5)

    assert client.tally.lost == 1 + 3
    assert client.tally.restarts == 1


def test_damage_is_counted_by_its_reason_and_never_raised(raw: RawPublisher) -> None:
    topic, head, payload = (
        bytes(part) for part in pack_message("avatar/main", header(), picture(0).tobytes())
    )
    with Client(raw.address) as client:
        raw.wait_for_subscriber()
        raw.send(topic, head, payload[:-1] + b"!")
        raw.send(topic, head, payload[:-1])
        raw.send(topic, b"", payload)
        raw.send(topic + b" nonsense")
        raw.send(topic, b"", b"", b"")
        raw.send(b"info/main", b"no json")
        raw.send(*pack_info("info/main", {"clock": ["tcp://"]}))
        raw.send(*(bytes(p) for p in pack_message("avatar/main", header(codec=1), b"no JPEG")))
        wait_until(lambda: client.tally.received == 1)
        assert client.read_image(PATIENCE_S) is None
        raw.send_picture(seq=1)
        assert client.read_image(PATIENCE_S)
        report = client.report()

    assert report["crc_errors"] == 1
    assert report["malformed"] == {
        "bad_crc": 1,
        "short_payload": 1,
        "short_header": 1,
        "bad_magic": 1,
        "bad_parts": 1,
        "bad_info": 2,
        "bad_payload": 1,
    }


def test_times_that_cannot_be_are_survived(raw: RawPublisher) -> None:
    with Client(raw.address) as client:
        raw.wait_for_subscriber()
        for capture_us in (0, 2**64 - 1):
            raw.send_picture(capture_us=capture_us)
            packet = client.read(PATIENCE_S)
            assert packet is not None
            assert abs(client.age_ms(packet)) > 1e9
        assert client.report()["age_ms"]["max"] > 1e9


def test_other_streams_are_told_apart(raw: RawPublisher) -> None:
    with Client(raw.address) as client:
        raw.wait_for_subscriber()
        raw.send(*pack_info("info/main2", {"bundle": "another"}))
        raw.send_picture("avatar/main2", seq=1)
        raw.send_picture("avatar/main", seq=2)
        packet = client.read(PATIENCE_S)

        assert packet is not None
        assert packet.stream == "main"
        assert client.tally.received == 1
        assert client.other_streams == {"main2"}
        assert client.info is None


def test_repeats_of_a_lost_source_are_counted_and_have_no_age() -> None:
    flags = Flag.KEY | Flag.SOURCE_LOST
    with Broadcast(flags=flags) as broadcast, Client(broadcast.address) as client:
        assert client.read(PATIENCE_S)
        report = client.report()

    assert report["repeated"] >= 1
    assert report["age_ms"]["p50"] is None


def test_a_clock_that_is_wrong_does_not_make_ages_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    shift_us = 3_600_000_000

    def now_us() -> int:
        return unix_us() + (shift_us if threading.current_thread().name == "clock" else 0)

    monkeypatch.setattr(realtime.clock, "unix_us", now_us)
    with Broadcast(shift_us=shift_us) as broadcast, Client(broadcast.address) as client:
        packet = client.read(PATIENCE_S)
        wait_until(lambda: client.clock_offset_ms is not None)
        report = client.report()

        assert packet is not None
        assert 0 <= client.age_ms(packet) < 1000 * PATIENCE_S
    assert report["clock_offset_ms"] == pytest.approx(3_600_000, abs=1000)
    assert -1 < report["age_ms"]["p50"] < 1000 * PATIENCE_S


@pytest.mark.parametrize(
    "address",
    ["", "127.0.0.1:5555", "tcp://*:5555", "tcp://127.0.0.1:0", "tcp://no-such-host.invalid:1"],
)
def test_an_address_that_cannot_be_is_refused_at_once(address: str) -> None:
    with pytest.raises(AddressError) as caught:
        Client(address)

    assert "\n" not in str(caught.value)


def test_a_stream_that_cannot_be_is_refused_at_once() -> None:
    with pytest.raises(UsageError, match="choose another"):
        Client("tcp://127.0.0.1:5555", "a b")


def test_a_failure_of_the_thread_reaches_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MemoryError("no more")

    monkeypatch.setattr(Tally, "take", fail)
    with Broadcast() as broadcast, Client(broadcast.address) as client:
        with pytest.raises(MemoryError, match="no more"):
            client.read(PATIENCE_S)


def test_the_example_of_the_documentation_runs(capsys: pytest.CaptureFixture[str]) -> None:
    examples = doctest.DocTestParser().get_examples(realtime.client.__doc__ or "")
    code = "".join(example.source for example in examples)
    with Broadcast() as broadcast:
        exec(code.replace("tcp://127.0.0.1:5555", broadcast.address).replace("100", "5"), {})

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert "(4, 6, 3)" in lines[0]
    assert lines[0].endswith("ms old")
