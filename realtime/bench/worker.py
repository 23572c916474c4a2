"""`python -m realtime.bench.worker send|receive TASK`: one of the two processes of a trial.

It says "ready ADDRESS" once pictures flow, gets on stdin how long to warm up and to measure, in
seconds, and answers with its figures as one line of JSON; the sender when it is told to stop.
"""

from __future__ import annotations

import gc
import json
import math
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray

from realtime.bench.camera import SteadyCamera, demo_pictures, read_number, taken_us, write_number
from realtime.bench.task import Received, Receiver, Sender, Task
from realtime.bundle import Bundle
from realtime.frame import Image, unix_us

_AT_THE_END_S = 1.0
_TURN_S = 0.05


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
        before = (sender.frames(), time.process_time(), time.monotonic(), _collections())
        time.sleep(measured_s)
        after = (sender.frames(), time.process_time(), time.monotonic(), _collections())
        frames, cpu_s, span_s, collections = np.subtract(after, before).tolist()
        parts = sender.parts()
        sys.stdin.readline()  # the receiver has its figures: now the pictures may end
        return {
            "sent": int(frames),
            "fps": round(frames / span_s, 2),
            "cpu_ms_per_frame": round(1000 * cpu_s / frames, 3) if frames else None,
            "garbage_collections": int(collections),
            **parts,
            **sender.stop(),
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
        _watch(receiver, task, _TURN_S)
    warm_up_s, measured_s = told[0]
    _watch(receiver, task, warm_up_s)
    cpu_s = time.process_time()
    views, image = _watch(receiver, task, measured_s)
    cpu_s = time.process_time() - cpu_s
    last_s = views[-1].at_s if views else 0.0
    at_the_end = [view.age_ms for view in views if view.at_s > last_s - _AT_THE_END_S]
    count = len(views)
    return {
        "received": count,
        "age_ms": _summary([view.age_ms for view in views]),
        "age_at_end_ms": _summary(at_the_end)["p50"],
        "client_cpu_ms_per_frame": round(1000 * cpu_s / count, 3) if count else None,
        **_likeness(image, task),
    }


class _View(NamedTuple):
    """A picture that the client was given."""

    at_s: float
    age_ms: float


def _watch(receiver: Receiver, task: Task, seconds: float) -> tuple[list[_View], Image | None]:
    """What comes in so many seconds, and the last picture."""
    views: list[_View] = []
    image = None
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        received = receiver.read()
        if received is None:
            continue
        now_us, image = unix_us(), received.image
        views.append(_View(time.monotonic(), (now_us - _taken_us(received, task)) / 1000))
        time.sleep(task.client_ms / 1000)
    return views, image


def _taken_us(received: Received, task: Task) -> int:
    """By the number in the picture if it tells, whoever sent it: to read it takes time too."""
    if task.model == "identity" and task.rate_fps is not None:
        return taken_us(read_number(received.image), task.rate_fps, task.epoch_us)
    assert received.capture_us is not None, "without a rate, a number does not tell its time"
    return received.capture_us


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


def _likeness(image: Image | None, task: Task) -> dict[str, float | bool | None]:
    """Whether a received picture is what the camera gave, and if not, its PSNR to that; None:
    there is no picture, or a model changed it."""
    if image is None or task.model != "identity":
        return {"exact": None, "psnr_db": None}
    number = read_number(image)
    pictures = _pictures(task)
    original = pictures[number % len(pictures)]
    write_number(original, number)
    difference: NDArray[np.float64] = np.subtract(image, original, dtype=np.float64)
    square = float(np.square(difference).mean())
    psnr_db = round(10 * math.log10(255**2 / square), 2) if square else None
    return {"exact": not square, "psnr_db": psnr_db}


def _summary(values: list[float]) -> dict[str, float | None]:
    if not values:
        return dict.fromkeys(("p50", "p95", "p99", "max"))
    figures = np.percentile(values, (50, 95, 99, 100)).tolist()
    return {
        name: round(v, 3) for name, v in zip(("p50", "p95", "p99", "max"), figures, strict=True)
    }


def _collections() -> int:
    """Runs of the garbage collector so far."""
    return sum(generation["collections"] for generation in gc.get_stats())


def _own_stdout() -> TextIO:
    """Stdout for the answers alone; what libraries print goes to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers


if __name__ == "__main__":
    main()
