"""`Launched`: a launch.py of its own under watch - its health, memory, log and report."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from realtime.errors import RealtimeError
from realtime.metrics import process_figures

LAUNCH = Path(__file__).resolve().parents[2] / "launch.py"
_START_LIMIT_S = 90.0
_END_LIMIT_S = 10.0
_ANSWER_LIMIT_S = 5.0


class Launched:
    """Runs from its making until `end`; everything that it says goes to `log`."""

    def __init__(self, arguments: Sequence[str], report: Path, log: Path) -> None:
        """Start it, and wait until it streams. Raises `RealtimeError` if it does not."""
        self._report = report
        self._process = subprocess.Popen(
            [
                *(sys.executable, str(LAUNCH), "--bind", "tcp://127.0.0.1:0", "--log-json"),
                *("--metrics", "0", "--report", str(report), *arguments),
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        self.address = self._metrics = ""
        self.events: list[str] = []
        self._log = log.open("w", encoding="utf-8")
        self._reader = threading.Thread(target=self._read, name="log", daemon=True)
        self._reader.start()
        deadline_s = time.monotonic() + _START_LIMIT_S
        while not self.address:
            if self._process.poll() is not None or time.monotonic() > deadline_s:
                self._process.kill()
                raise RealtimeError(f"launch.py did not start to stream; see {log}")
            time.sleep(0.1)

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._log.write(line)
            self._log.flush()
            event = json.loads(line).get("event")
            if event is None:
                continue
            self.events.append(event)
            if found := re.search(r"figures: (\S+)/metrics", event):
                self._metrics = found[1]
            if found := re.search(r"realtime\.client (tcp://\S+)", event):
                self.address = found[1]

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def memory(self) -> dict[str, int]:
        """Resident bytes, threads, descriptors: of this moment; empty where there is no /proc."""
        return process_figures(self._process.pid)

    def counters(self) -> dict[str, float]:
        """Everything of /metrics: name with labels -> value."""
        with urllib.request.urlopen(f"{self._metrics}/metrics", timeout=_ANSWER_LIMIT_S) as answer:
            lines = answer.read().decode().splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    def end(self) -> dict[str, Any]:
        """SIGTERM; its exit code, how long it took, and its report."""
        asked_s = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        try:
            code: int | None = self._process.wait(_END_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = None
        took_s = time.monotonic() - asked_s
        self._reader.join(_ANSWER_LIMIT_S)
        self._log.close()
        report = json.loads(self._report.read_text()) if self._report.exists() else None
        return {"exit_code": code, "took_s": round(took_s, 2), "report": report}
