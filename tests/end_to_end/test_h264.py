"""`launch.py --codec h264` and our client: who is slow or late sees what is new as well."""

from __future__ import annotations

import time
from pathlib import Path

from realtime.client import Client, Codec
from tests.end_to_end.live import FPS, live_stream, shown_number
from tests.realtime.broadcast import PATIENCE_S

WORK_S = 0.3
"""Some ten pictures, each of which builds on the one before."""


def read_number(client: Client) -> tuple[int, int]:
    """seq of the next picture, and the number that is seen in it."""
    received = client.read_image(PATIENCE_S)
    assert received is not None
    assert received[0].header.codec == Codec.H264
    return received[0].header.seq, shown_number(received[1])


def test_a_slow_and_a_late_client_decode_the_newest_pictures(tmp_path: Path) -> None:
    with live_stream(tmp_path, "--codec", "h264") as (_, address):
        with Client(address) as slow:
            seen = []
            for _ in range(5):
                seen.append(read_number(slow))
                time.sleep(WORK_S)
            with Client(address) as late:
                late_seen = [read_number(late) for _ in range(FPS)]
            newest = read_number(slow)
            assert slow.skipped > 0
            for client in (slow, late):
                assert (client.tally.malformed, client.tally.lost) == ({}, 0)
    assert seen == sorted(set(seen))
    assert newest > late_seen[-FPS // 2]
    # What is seen is the very picture that the header belongs to: camera frames may be dropped
    # before they get a seq, so the numbers run ahead of it, and never behind.
    ahead = [number - seq for seq, number in (*seen, *late_seen)]
    assert ahead == sorted(ahead)
