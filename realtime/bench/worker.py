"""`python -m realtime.bench.worker send|receive TASK`: one of the two processes of a trial.

It says "ready ADDRESS" once pictures flow, gets on stdin how long to warm up and to measure, in
seconds, and answers with its figures as one line of JSON.
"""

from __future__ import annotations

import json
import math
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from realtime.bench.camera import SteadyCamera, demo_pictures, read_number, taken_us, write_number
from realtime.bench.task import Receiver, Sender, Task
from realtime.bundle import Bundle
from realtime.frame import Image, unix_us

_AT_THE_END_S = 1.0


def main() -> None:
    role, text = sys.argv[1:]
    task = Task(**json.loads(text))
    with _own_stdout() as answers:
        figures = {"send": send, "receive": receive}[role](task, answers)
        print(json.dumps(figures), file=answers, flush=True)
    os._exit(0)  # a peer's threads may wait for ever


def send(task: Task, answers: TextIO) -> dict[str, Any]:
    """Frames and processor time of the measured seconds."""
    camera = SteadyCamera(_pictures(task), task.rate_fps, task.epoch_us)
    sender = _open_sender(task, camera)
    try:
        sender.start()
        print("ready", sender.address, file=answers, flush=True)
        warm_up_s, measured_s = _window()
        time.sleep(warm_up_s)
        sender.forget()
        frames, cpu_s, start_s = sender.frames(), time.process_time(), time.monotonic()
        time.sleep(measured_s)
        cpu_s, span_s = time.process_time() - cpu_s, time.monotonic() - start_s
        frames = sender.frames() - frames
        return {
            "sent": frames,
            "fps": frames / span_s,
            "cpu_ms_per_frame": 1000 * cpu_s / frames if frames else None,
            **sender.figures(),
        }
    finally:
        sender.close()


def receive(task: Task, answers: TextIO) -> dict[str, Any]:
    """Ages of the pictures that the client was given in the measured seconds."""
    receiver = _open_receiver(task)
    while receiver.read() is None:
        pass
    print("ready", task.address, file=answers, flush=True)
    told: list[tuple[float, float]] = []
    threading.Thread(target=lambda: told.append(_window()), daemon=True).start()
    while not told:
        _next(receiver, task)
    end_s = time.monotonic() + told[0][0]
    while time.monotonic() < end_s:
        _next(receiver, task)
    ages_ms: list[float] = []
    times_s: list[float] = []
    cpu_s, last = time.process_time(), None
    end_s = time.monotonic() + told[0][1]
    while time.monotonic() < end_s:
        got = _next(receiver, task)
        if got is not None:
            times_s.append(time.monotonic())
            ages_ms.append(got[0])
            last = got[1]
    cpu_s = time.process_time() - cpu_s
    count = len(ages_ms)
    return {
        "received": count,
        "age_ms": _summary(ages_ms),
        "age_at_end_ms": _summary(
            [a for a, t in zip(ages_ms, times_s, strict=True) if t > end_s - _AT_THE_END_S]
        )["p50"],
        "client_cpu_ms_per_frame": 1000 * cpu_s / count if count else None,
        "psnr_db": _psnr_db(last, task) if task.model == "identity" else None,
    }


def _next(receiver: Receiver, task: Task) -> tuple[float, Image] | None:
    """Age in ms and picture; then the client takes its time."""
    received = receiver.read()
    now_us = unix_us()
    if received is None:
        return None
    taken = received.capture_us
    if taken is None:
        taken = taken_us(read_number(received.image), task.rate_fps or math.inf, task.epoch_us)
    time.sleep(task.client_ms / 1000)
    return (now_us - taken) / 1000, received.image


def _window() -> tuple[float, float]:
    """Warm-up and measured time, in seconds, as told on stdin."""
    warm_up_s, measured_s = sys.stdin.readline().split()
    return float(warm_up_s), float(measured_s)


def _open_sender(task: Task, camera: SteadyCamera) -> Sender:
    if task.system == "headset-avatar":
        from realtime.bench.ours import Loop

        return Loop(task, camera)
    from realtime.bench.peers import PeerSender

    return PeerSender(task, camera)


def _open_receiver(task: Task) -> Receiver:
    if task.system == "headset-avatar":
        from realtime.bench.ours import Viewer

        return Viewer(task)
    from realtime.bench.peers import PeerReceiver

    return PeerReceiver(task)


def _pictures(task: Task) -> list[Image]:
    return demo_pictures(Bundle.load(Path(task.bundle)).manifest.input.size_px)


def _psnr_db(image: Image | None, task: Task) -> float | None:
    """Of a received picture to what the camera gave."""
    if image is None:
        return None
    number = read_number(image)
    pictures = _pictures(task)
    original = pictures[number % len(pictures)]
    write_number(original, number)
    difference: NDArray[np.float64] = np.subtract(image, original, dtype=np.float64)
    square = float(np.square(difference).mean())
    return round(10 * math.log10(255**2 / square), 2) if square else None


def _summary(values: list[float]) -> dict[str, float | None]:
    if not values:
        return dict.fromkeys(("p50", "p95", "p99", "max"))
    figures = np.percentile(values, (50, 95, 99, 100)).tolist()
    return {
        name: round(v, 3) for name, v in zip(("p50", "p95", "p99", "max"), figures, strict=True)
    }


def _own_stdout() -> TextIO:
    """Stdout for the answers alone; what libraries print goes to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers


if __name__ == "__main__":
    main()
