"""Subscribers that die, stop reading or flood: the others notice nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import zmq

from realtime.metrics import process_figures
from tests.end_to_end.faults.camera import FaultyCamera
from tests.end_to_end.faults.harness import Run
from tests.end_to_end.test_launch import ROOT

MOST_GROWTH_BYTES = 64 << 20


@contextmanager
def second_subscriber(address: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "realtime.client", address, "--headless"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=ROOT) as process:
        try:
            yield process
        finally:
            process.kill()


def subscribers(launched: Run) -> int:
    count = (launched.client.info or {}).get("subscribers", 0)
    assert isinstance(count, int)
    return count


@pytest.mark.parametrize("fate", [signal.SIGKILL, signal.SIGSTOP])
def test_a_subscriber_that_dies_or_stops_disturbs_nobody(
    tiny_bundle: Path, tmp_path: Path, fate: signal.Signals
) -> None:
    camera = FaultyCamera()
    with Run(tmp_path, "--camera", camera.url, "--bundle", tiny_bundle) as launched:
        launched.watch_new()
        with second_subscriber(str(launched.client.address)) as other:
            launched.watch(lambda: subscribers(launched) == 2)
            before = process_figures(launched.process.pid)
            other.send_signal(fate)
            launched.watch_new(60)
            if fate == signal.SIGKILL:
                launched.watch(lambda: subscribers(launched) == 1)
            after = process_figures(launched.process.pid)
        if before:
            name = "process_resident_memory_bytes"
            assert after[name] - before[name] < MOST_GROWTH_BYTES
        assert launched.client.tally.lost == 0
        launched.ends()
    camera.unplug()


def test_a_flood_of_subscriptions_disturbs_nobody(tiny_bundle: Path, tmp_path: Path) -> None:
    camera = FaultyCamera()
    with Run(tmp_path, "--camera", camera.url, "--bundle", tiny_bundle) as launched:
        launched.watch_new()
        with zmq.Context() as context, context.socket(zmq.XSUB) as flood:
            flood.setsockopt(zmq.LINGER, 0)
            flood.setsockopt(zmq.SNDHWM, 0)
            flood.connect(str(launched.client.address))
            for number in range(20_000):
                flood.send(b"\x01avatar/%d" % number)
            launched.watch_new(30)
        launched.watch(lambda: subscribers(launched) == 1)
        assert launched.client.tally.lost == 0
        launched.ends()
    camera.unplug()
