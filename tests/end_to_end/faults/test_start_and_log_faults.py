"""Libraries that hang while the program starts, and logs that nobody reads."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from realtime.client import Client
from tests.end_to_end.faults.camera import FaultyCamera
from tests.end_to_end.faults.harness import END_LIMIT_S, PATIENCE_S, allowed_s
from tests.end_to_end.faults.models import write_faulty_bundle
from tests.end_to_end.test_launch import LAUNCH

KEEPS_THE_LOCK = """
import ctypes, onnxruntime

class InferenceSession(onnxruntime.InferenceSession):
    def __init__(self, *_, **__):
        lock = ctypes.create_string_buffer(64)
        for _ in range(2):
            ctypes.PyDLL(None).pthread_mutex_lock(lock)

onnxruntime.InferenceSession = InferenceSession
"""
"""A library that waits for itself, in a call that lets no Python code run meanwhile."""


def hanging(folder: Path, kind: str, *arguments: object) -> subprocess.Popen[str]:
    """A launch.py that hangs while it opens the model: in the runtime, which computes for hours, or
    in a call that keeps Python's lock."""
    bundle = write_faulty_bundle(folder / "bundle", "slow", 10**9, golden_is_marked=True)
    (folder / "sitecustomize.py").write_text(KEEPS_THE_LOCK if kind == "keeps the lock" else "")
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    asked = ("--camera", "demo", "--bundle", bundle, "--backend", "onnxruntime", *arguments)
    return subprocess.Popen(
        [*LAUNCH, *map(str, asked), "--bind", "tcp://127.0.0.1:0", "--metrics", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
    )


@pytest.mark.parametrize("kind", ["computes", "keeps the lock"])
def test_a_library_that_hangs_while_it_starts_is_given_up(tmp_path: Path, kind: str) -> None:
    with hanging(tmp_path, kind, "--start-limit", 3) as launched:
        assert launched.stderr is not None
        launched.stderr.readline()  # where the figures are: the model is next
        started_s = time.monotonic()
        assert launched.wait(PATIENCE_S) == 1
        assert time.monotonic() - started_s <= allowed_s(3 + END_LIMIT_S)
        said = launched.stderr.read()
    if kind == "computes":
        assert said.count("\n") == 1
        assert "opening the model took more than 3 s (--start-limit), at " in said
        assert "onnx_runtime.py" in said
    else:  # said by a thread without Python
        assert said.startswith("Timeout ")
        assert "onnx_runtime.py" in said


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (signal.SIGTERM, "keeps the lock"),
        (signal.SIGINT, "keeps the lock"),
        (signal.SIGINT, "computes"),
        (signal.SIGHUP, "computes"),
    ],
)
def test_a_signal_ends_it_on_the_spot_while_it_starts(
    tmp_path: Path, number: signal.Signals, kind: str
) -> None:
    with hanging(tmp_path, kind) as launched:
        assert launched.stderr is not None
        launched.stderr.readline()
        time.sleep(0.5)
        launched.send_signal(number)
        asked_s = time.monotonic()
        assert launched.wait(PATIENCE_S) == -number
        assert time.monotonic() - asked_s <= allowed_s(END_LIMIT_S)
        assert launched.stderr.read() == ""


def test_a_log_that_nobody_reads_holds_nothing_up(tiny_bundle: Path, tmp_path: Path) -> None:
    """Its pipe is full before the camera goes, which is to be said."""
    camera, report = FaultyCamera(), tmp_path / "report.json"
    reading, writing = os.pipe()
    asked = ("--camera", camera.url, "--bundle", tiny_bundle, "--backend", "onnxruntime")
    asked += ("--bind", "tcp://127.0.0.1:0", "--report", report)
    with subprocess.Popen([*LAUNCH, *map(str, asked)], stderr=writing) as launched:
        try:
            said = b""
            while b"realtime.client" not in said:
                said += os.read(reading, 1 << 16)
            os.set_blocking(writing, False)
            with Client(said.split()[-1].decode()) as client:
                fill(writing)
                os.set_blocking(writing, True)
                watch(client, 10)
                camera.unplug()
                while "source_lost" not in (client.info or {}).get("trouble", ()):
                    client.read(0.1)
                camera.plug_in()
                watch(client, 30)
                assert client.tally.lost == 0
            launched.send_signal(signal.SIGTERM)
            asked_s = time.monotonic()
            assert launched.wait(PATIENCE_S) == 0
            assert time.monotonic() - asked_s <= allowed_s(END_LIMIT_S)
        finally:
            launched.kill()
            os.close(reading)
            os.close(writing)
    frames = json.loads(report.read_text())["frames"]
    assert frames["captured"] == frames["published"] + sum(frames["dropped"].values())
    camera.unplug()


def fill(pipe: int) -> None:
    """Until nothing more goes in."""
    try:
        while os.write(pipe, b"." * 4096):
            pass
    except BlockingIOError:
        return


def watch(client: Client, count: int) -> None:
    """So many pictures, soon."""
    deadline_s = time.monotonic() + PATIENCE_S
    while count:
        assert time.monotonic() < deadline_s
        count -= client.read(0.1) is not None
