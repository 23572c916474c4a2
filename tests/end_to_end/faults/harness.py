"""`Run`: a real launch.py under a fault, what it says, what it sends, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from realtime.client import Client
from realtime.report import MOST_ON_THE_WAY
from realtime.wire import Flag, Packet
from tests.end_to_end.test_launch import LAUNCH
from tests.pictures import clock_number, read_number

PATIENCE_S = 60.0
END_LIMIT_S = 5.0


def allowed_s(promised_s: float) -> float:
    """What is promised on a machine that does nothing else; more by as much as this one is busy."""
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    return promised_s * max(1.0, busy)


class Run:
    """A context manager: the process from its start; what is left of it is killed at the end."""

    def __init__(
        self,
        folder: Path,
        *arguments: object,
        env: dict[str, str] | None = None,
        before: Sequence[str] = (),
        watched: bool = True,
    ) -> None:
        """`before`: words in front of the command. `watched`: a client follows the stream."""
        self._report = folder / "report.json"
        self.process = subprocess.Popen(
            [
                *(*before, *LAUNCH, *map(str, arguments)),
                *("--bind", "tcp://127.0.0.1:0", "--report", str(self._report)),
                *("--backend", "onnxruntime"),  # auto would take now this one, now another
            ],
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | (env or {}),
        )
        self.lines: list[str] = []
        self._said = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.numbers: list[int] = []
        """When the new pictures were drawn, in ms; see `FaultyCamera`."""
        self.repeats = 0
        """Pictures that came marked as old."""
        self._client_wanted = watched
        self.client: Client

    def __enter__(self) -> Self:
        try:
            if self._client_wanted:
                self.client = Client(self.said(r"realtime\.client (tcp://\S+)")[1])
        except BaseException:
            self.process.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._client_wanted:
            self.client.close()
        self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stderr is not None
        self.process.stderr.close()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._said:
                self.lines.append(line.rstrip())
                self._said.notify_all()

    def said(self, pattern: str) -> re.Match[str]:
        """The first line that has it, waiting for it."""

        def find() -> re.Match[str] | None:
            return next(filter(None, (re.search(pattern, line) for line in self.lines)), None)

        with self._said:
            found = self._said.wait_for(find, PATIENCE_S)
        assert found, f"{pattern!r} was never said: {self.lines}"
        return found

    def count(self, pattern: str) -> int:
        """How many lines have it."""
        return sum(bool(re.search(pattern, line)) for line in self.lines)

    def watch(self, until: Callable[[], bool]) -> None:
        """Take pictures in until then. A picture not marked as old must be newer than the last."""
        deadline_s = time.monotonic() + PATIENCE_S
        while not until():
            assert time.monotonic() < deadline_s, (self.lines, self.client.report())
            received = self.client.read_image(0.05)
            if received is not None:
                self._take(*received)

    def _take(self, packet: Packet, image: NDArray[np.uint8]) -> None:
        if Flag.SOURCE_LOST in packet.header.flags:
            self.repeats += 1
            return
        number = read_number(255 - image) & ~1
        old = f"an old picture came as a new one: {number} after {self.numbers[-3:]}"
        assert not self.numbers or number > self.numbers[-1], old
        self.numbers.append(number)

    def watch_new(self, count: int = 5) -> None:
        """Until so many new pictures that are drawn from now on have come."""
        since = clock_number()
        self.watch(lambda: len(self.numbers) >= count and self.numbers[-count] > since)

    def watch_trouble(self, kind: str) -> None:
        """Until a picture came marked as old, and the information says why."""
        before = self.repeats
        self.watch(lambda: self.repeats > before and kind in (self.client.info or {})["trouble"])

    def recovers(self, promised_s: float = 2.0) -> None:
        """The fault has just ended: new pictures come in time, and the information is clean."""
        ended_s = time.monotonic()
        self.watch_new(1)
        took_s = time.monotonic() - ended_s
        assert took_s <= allowed_s(promised_s), took_s
        self.watch(lambda: not (self.client.info or {})["trouble"])
        self.watch_new()

    def ends(self, number: signal.Signals | None = signal.SIGTERM, code: int = 0) -> dict[str, Any]:
        """With this exit code, in time, every frame accounted for; the report's frames."""
        asked_s = time.monotonic()
        if number is not None:
            self.process.send_signal(number)
        assert self.process.wait(PATIENCE_S) == code, self.lines
        assert time.monotonic() - asked_s <= allowed_s(END_LIMIT_S)
        self._reader.join()
        assert not self.count("Traceback"), self.lines
        frames: dict[str, Any] = json.loads(self._report.read_text())["frames"]
        assert frames["captured"] == frames["published"] + sum(frames["dropped"].values())
        assert min(frames["dropped"].values()) >= 0
        # "stopped" is what is left over, so the sum alone would hide a loss.
        assert frames["dropped"].get("stopped", 0) <= MOST_ON_THE_WAY
        return frames
