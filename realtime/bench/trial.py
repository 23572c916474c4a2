"""`run`: one trial, a sending and a receiving process, both measured over the same seconds."""

from __future__ import annotations

import json
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import IO, Any, Self

from realtime.bench.task import Task
from realtime.errors import RealtimeError
from realtime.frame import unix_us

_PATIENCE_S = 60.0
"""For a process to start, beyond the time that it was asked to take."""


def run(task: Task, warm_up_s: float, measured_s: float) -> dict[str, Any]:
    """The figures of both sides. Raises `RealtimeError` if one of them fails."""
    task = replace(task, epoch_us=unix_us())
    if task.system != "headset-avatar":
        task = replace(task, address=f"tcp://127.0.0.1:{_free_port()}")
    window = f"{warm_up_s} {measured_s}\n"
    with _Worker("send", task) as sender:
        address = sender.answer(_PATIENCE_S).partition(" ")[2]
        with _Worker("receive", replace(task, address=address)) as receiver:
            receiver.answer(_PATIENCE_S)
            for worker in (sender, receiver):
                worker.tell(window)
            limit_s = warm_up_s + measured_s + _PATIENCE_S
            received = json.loads(receiver.answer(limit_s))
        sender.tell("stop\n")
        sent = json.loads(sender.answer(_PATIENCE_S))
    return {
        "system": task.system,
        "codec": task.codec,
        "model": task.model,
        "rate_fps": task.rate_fps,
        "client_ms": task.client_ms,
        **sent,
        **received,
    }


def median(alike: Sequence[Any]) -> Any:
    """Of trials of one kind, figure by figure, and None where one has none; words that differ, as
    those of a backend that was chosen anew, stand beside each other."""
    first = alike[0]
    if isinstance(first, dict):
        return {key: median([trial[key] for trial in alike]) for key in first}
    if None in alike:
        return None
    if isinstance(first, bool):
        return all(alike)
    if isinstance(first, str):
        return " / ".join(dict.fromkeys(alike))
    return statistics.median(alike)


class _Worker:
    """A process of `realtime.bench.worker`; it never outlives the block."""

    def __init__(self, role: str, task: Task) -> None:
        self._name = f"{task.system}, {role}"
        self._errors: IO[str] = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-m", "realtime.bench.worker", role, json.dumps(asdict(task))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        assert self._process.stdin
        assert self._process.stdout
        self._stdin, self._stdout = self._process.stdin, self._process.stdout

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._stdin, self._stdout, self._errors):
            stream.close()

    def tell(self, line: str) -> None:
        self._stdin.write(line)
        self._stdin.flush()

    def answer(self, limit_s: float) -> str:
        """Its next line."""
        timer = threading.Timer(limit_s, self._process.kill)
        timer.start()
        line = self._stdout.readline().strip()
        in_time = timer.is_alive()
        timer.cancel()
        if line:
            return line
        if not in_time:
            raise RealtimeError(
                f"{self._name}: no answer within {limit_s:.0f} s: try it when the machine has less "
                "to do"
            )
        self._process.wait(_PATIENCE_S)
        self._errors.seek(0)
        said = self._errors.read().strip().splitlines()
        raise RealtimeError(f"{self._name}: {said[-1] if said else 'it ended without a word'}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
