"""`Client`: the receiving end of the wire; it keeps up with the stream whatever its reader does.

What `read` gives is as old as the network and one frame time make it: intake.py. A thread of the
client's own follows the connection and the publisher's clock, and takes pictures in while nobody
reads.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Self

import zmq
from zmq.utils.monitor import recv_monitor_message

from realtime.client import connection
from realtime.client.chain import ChainDecoder, Pictures
from realtime.client.intake import Intake
from realtime.clock import ClockClient
from realtime.errors import WireError
from realtime.frame import Image, unix_us
from realtime.keys import ClientKey
from realtime.stats import Latency, Summary
from realtime.topic import avatar_topic
from realtime.wire import Packet

POLL_MS = 50
"""So often pictures are taken in that nobody reads, and the connections are looked at."""
CALM_MS = 200
"""So often while somebody waits for pictures, who does both meanwhile."""
MOST_AGE_US = 2 * 10**15
"""Some 60 years. A stranger's header can say anything; more than this does not fit a figure."""


class Client:
    """Receives one stream. A context manager; `read` and the rest are for any one thread.

    It connects and reconnects by itself, before and after the publisher starts. Damaged messages
    are counted in `tally`, never raised.
    """

    def __init__(
        self, address: str, stream: str = "main", *, curve: str | Path | None = None
    ) -> None:
        """Start to receive. `curve` is the key's file for a publisher that encrypts.

        Raises `AddressError` for an address that cannot be one or a host that is not known,
        `UsageError` for a name that no stream can have and a key that cannot be used.
        """
        topic = avatar_topic(stream)
        self._key = None if curve is None else ClientKey.load(Path(curve))
        self.address = connection.resolve(address)
        self.stream = stream
        self.connected = False
        self.refused = False
        """Somebody answers, but not to a client with this key, or with none."""
        self._ages = Latency()  # by this machine's clock
        self._decoder = ChainDecoder()
        self._clock: ClockClient | None = None
        self._closing = threading.Event()
        self._context = zmq.Context()
        self._socket = connection.open_socket(self._context, self.address, topic, self._key)
        self._endless = connection.endless(self.address)
        self._monitor = self._socket.get_monitor_socket(connection.EVENTS)
        self._intake = Intake(self._socket, stream, self._look)
        self.tally, self.rate = self._intake.tally, self._intake.rate
        self._poller = zmq.Poller()
        self._poller.register(self._monitor, zmq.POLLIN)
        self._socket.connect(str(self.address))
        self._thread = threading.Thread(target=self._run, name="client", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, timeout: float) -> Packet | None:
        """The newest picture not read before, waiting up to `timeout` seconds; None: none came.

        One of H.264 may build on others that are not given: `read_image` decodes them as well.
        """
        pictures = self._read(timeout)
        return None if pictures is None else pictures[-1]

    def read_image(self, timeout: float) -> tuple[Packet, Image] | None:
        """As `read`, with the picture, uint8[h, w, 3] RGB. A damaged one counts, gives None."""
        pictures = self._read(timeout)
        if pictures is None:
            return None
        try:
            return pictures[-1], self._decoder.decode(pictures)
        except WireError as error:
            self.tally.refuse(error.reason)
            return None

    def _read(self, timeout: float) -> Pictures | None:
        pictures = self._intake.newest(timeout)
        if pictures is not None and not pictures[-1].header.is_repeat:
            self._ages.add(self._age_us(pictures[-1]) * 1000)
        return pictures

    @property
    def info(self) -> dict[str, Any] | None:
        """The stream's latest information, as it came: check what you use."""
        return self._intake.info

    @property
    def other_streams(self) -> frozenset[str]:
        """Other streams whose information comes from the same address."""
        return self._intake.other_streams

    @property
    def bundle(self) -> str | None:
        """Id of the model that makes the pictures, as far as the publisher has told it."""
        told = (self.info or {}).get("bundle")
        return told if isinstance(told, str) else None

    @property
    def skipped(self) -> int:
        """Received pictures that a newer one replaced before they were read."""
        return self._intake.skipped

    @property
    def clock_offset_ms(self) -> float | None:
        """The publisher's clock minus this machine's; None as long as it was not measured."""
        clock = self._clock
        offset_us = clock.offset_us if clock else None
        return None if offset_us is None else offset_us / 1000

    def age_ms(self, packet: Packet) -> float:
        """Time from the camera's picture till now; the clocks are taken for one if not measured."""
        return self._age_us(packet) / 1000 + (self.clock_offset_ms or 0.0)

    def age_summary(self) -> Summary:
        """Ages at `read`: p50, p95, p99 of the newest, max of all; ms. Repeated ones are left out.

        The offset found so far counts for all of them, the ones from before it was found too.
        """
        offset_ms = self.clock_offset_ms or 0.0
        return {
            name: None if value is None else round(value + offset_ms, 3)
            for name, value in self._ages.summary().items()
        }

    def report(self) -> dict[str, Any]:
        """Everything counted and measured so far, as JSON can hold it."""
        offset_ms = self.clock_offset_ms
        return {
            "address": str(self.address),
            "stream": self.stream,
            "bundle": self.bundle,
            "received": self.tally.received,
            "skipped": self.skipped,
            "lost": self.tally.lost,
            "crc_errors": self.tally.crc_errors,
            "malformed": dict(self.tally.malformed),
            "restarts": self.tally.restarts,
            "repeated": self.tally.repeated,
            "without_key": self.tally.without_key,
            "fps": round(self.tally.fps, 2),
            "age_ms": self.age_summary(),
            "clock_offset_ms": None if offset_ms is None else round(offset_ms, 3),
        }

    def close(self) -> None:
        """Stop receiving; what was counted can still be read."""
        self._closing.set()
        self._thread.join()
        if self._clock:
            self._clock.close()
        self._endless.disconnected()
        self._context.destroy(linger=0)

    def _age_us(self, packet: Packet) -> int:
        age_us = unix_us() - packet.header.capture_us
        return max(-MOST_AGE_US, min(MOST_AGE_US, age_us))

    def _run(self) -> None:
        try:
            wait_ms = POLL_MS
            while not self._closing.is_set():
                if self._monitor in dict(self._poller.poll(wait_ms)):
                    self._follow_connection()
                wait_ms = POLL_MS if self._intake.relieve() else CALM_MS
                self._look()
                self._follow_clock(self._intake.clock_port)
                if self._clock:
                    self._clock.step()
        except BaseException as error:
            self._intake.fail(error)

    def _look(self) -> None:
        """For this thread, or the one that reads."""
        self._endless.look(self.tally.received)
        if self._clock:
            self._clock.look()

    def _follow_connection(self) -> None:
        while self._monitor.poll(0):
            told = recv_monitor_message(self._monitor)
            event = told["event"]
            if event == zmq.EVENT_CONNECTED:
                self._endless.connected(told["value"])
                continue
            if event == zmq.EVENT_DISCONNECTED:
                self._endless.disconnected()
            self.connected = event == zmq.EVENT_HANDSHAKE_SUCCEEDED
            failed = bool(event & connection.HANDSHAKE_FAILED)
            self.refused = not self.connected and (self.refused or failed)

    def _follow_clock(self, port: int) -> None:
        if port == 0 or (self._clock and self._clock.address.port == port):
            return
        if self._clock:
            self._poller.unregister(self._clock.socket)
            self._clock.close()
        self._clock = ClockClient(self._context, self.address._replace(port=port), self._key)
        self._poller.register(self._clock.socket, zmq.POLLIN)
