"""The machine's own: ports, signals, its clock, its memory, its cores."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from realtime.memory import NEEDED_MIB
from realtime.sessions.check import verify
from realtime.sessions.reader import Session
from tests.end_to_end.faults.camera import FaultyCamera
from tests.end_to_end.faults.harness import END_LIMIT_S, Run, allowed_s
from tests.end_to_end.test_launch import LAUNCH, PATIENCE_S, run

LIBFAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
HOUR_S = 3600


@pytest.mark.parametrize("flag", ["--bind", "--metrics", "--web"])
def test_a_port_that_is_taken_is_said_so(tiny_bundle: Path, flag: str) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as busy,
        socket.create_server(("127.0.0.1", 0)) as camera,
    ):
        port = busy.getsockname()[1]
        value = f"tcp://127.0.0.1:{port}" if flag == "--bind" else str(port)
        bind = () if flag == "--bind" else ("--bind", "tcp://127.0.0.1:0")
        url = f"http://127.0.0.1:{camera.getsockname()[1]}/"
        started_s = time.monotonic()
        done = run("--camera", url, "--bundle", tiny_bundle, *bind, flag, value)
        assert time.monotonic() - started_s <= allowed_s(END_LIMIT_S)
        camera.setblocking(False)
        with pytest.raises(BlockingIOError):  # nobody came
            camera.accept()
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "cannot listen" in line or "cannot serve the page" in line
    assert "choose another port" in line


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_in_good_order(
    tiny_bundle: Path, tmp_path: Path, number: signal.Signals
) -> None:
    camera = FaultyCamera()
    with Run(tmp_path, "--camera", camera.url, "--bundle", tiny_bundle) as launched:
        launched.watch_new()
        frames = launched.ends(number)
        assert frames["published"] > 0
        assert launched.lines[-1].startswith("launch: published ")
    camera.unplug()


def test_a_second_ctrl_c_ends_it_on_the_spot(tiny_bundle: Path, tmp_path: Path) -> None:
    """The first waits for what is on its way; a model that hangs would hold it for seconds."""
    camera = FaultyCamera()
    with Run(tmp_path, "--camera", camera.url, "--bundle", tiny_bundle) as launched:
        launched.watch_new()
        launched.process.send_signal(signal.SIGINT)
        launched.process.send_signal(signal.SIGINT)
        code = launched.process.wait(PATIENCE_S)
        assert code in (-signal.SIGINT, 0)
        if code == 0:  # the first one was quicker
            launched.ends(None)
        assert not launched.count("Traceback")
    camera.unplug()


@pytest.mark.parametrize("step_s", [HOUR_S, -HOUR_S])
def test_a_clock_that_is_set_changes_nothing(
    tiny_bundle: Path, tmp_path: Path, step_s: int
) -> None:
    if not LIBFAKETIME.exists():
        pytest.skip("no libfaketime: apt-get install libfaketime")
    clock, camera = tmp_path / "clock", FaultyCamera()
    clock.write_text("+0")
    env = {
        "LD_PRELOAD": str(LIBFAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    with Run(tmp_path, "--camera", camera.url, "--bundle", tiny_bundle, env=env) as launched:
        launched.watch_new()
        launched.watch(lambda: abs(launched.client.clock_offset_ms or HOUR_S * 1e3) < 1e3)
        clock.write_text(f"{step_s:+d}")

        def follows() -> bool:
            return abs((launched.client.clock_offset_ms or 0) - step_s * 1e3) < 1e3

        launched.watch(follows)
        launched.recovers()
        assert launched.client.tally.lost == 0
        launched.ends()
    camera.unplug()


def limited(command: str) -> tuple[str, ...]:
    """Words in front of a command that a limit of the shell's is to hold for."""
    return ("bash", "-c", f'{command}; exec "$@"', "bash")


def test_a_full_disk_ends_the_recording_and_not_the_stream(
    tiny_bundle: Path, tmp_path: Path
) -> None:
    """No file may grow over 256 KiB: a write fails as on a disk that is full."""
    camera, folder = FaultyCamera(), tmp_path / "s"
    arguments = ("--camera", camera.url, "--bundle", tiny_bundle, "--record", folder)
    with Run(tmp_path, *arguments, before=limited("ulimit -f 256")) as launched:
        launched.watch_new(1)
        launched.said("recording stopped: .* File too large")
        launched.watch_new(30)
        launched.watch(lambda: recording(launched).get("state") == "failed")
        assert launched.client.tally.lost == 0
        frames = launched.ends()
        assert launched.count("recording stopped") == 1
    figures = json.loads((tmp_path / "report.json").read_text())["recording"]
    assert figures["state"] == "failed"
    assert figures["dropped"]["failed"] >= 30
    assert figures["frames"] + sum(figures["dropped"].values()) == frames["captured"]
    came = len(list(Session.open(folder).pictures()))
    assert 0 < came <= figures["frames"] + 1  # a picture can be whole though its write failed
    assert verify(Session.open(folder)).damage == ()
    camera.unplug()


@pytest.mark.skipif(not shutil.which("unshare"), reason="no unshare: apt-get install util-linux")
def test_a_disk_without_room_ends_the_recording_and_not_the_stream(
    tiny_bundle: Path, tmp_path: Path
) -> None:
    """A real one, of half a megabyte, that only this launch.py sees."""
    camera, disk = FaultyCamera(), tmp_path / "disk"
    disk.mkdir()
    mount = f"mount -t tmpfs -o size=512k none {shlex.quote(str(disk))}"
    before = ("unshare", "--map-root-user", "--mount", *limited(mount))
    if subprocess.run([*before, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no user namespaces here")
    arguments = ("--camera", camera.url, "--bundle", tiny_bundle, "--record", disk / "s")
    with Run(tmp_path, *arguments, before=before) as launched:
        launched.watch_new(1)
        launched.said("recording stopped: .* No space left on device")
        launched.watch_new(30)
        assert launched.client.tally.lost == 0
        session = Session.open(
            Path(f"/proc/{launched.process.pid}/root") / disk.relative_to("/") / "s"
        )
        came = len(list(session.pictures()))
        assert verify(session).damage == ()
        frames = launched.ends()
        assert launched.count("recording stopped") == 1
    figures = json.loads((tmp_path / "report.json").read_text())["recording"]
    assert figures["frames"] + sum(figures["dropped"].values()) == frames["captured"]
    assert 0 < came <= figures["frames"] + 1
    camera.unplug()


def recording(launched: Run) -> dict[str, Any]:
    """What the stream's information says of it."""
    told = (launched.client.info or {}).get("recording")
    return told if isinstance(told, dict) else {}


@pytest.mark.parametrize("limit", ["-v", "-d"])
@pytest.mark.parametrize("part", [0.1, 0.2, 0.4, 0.6, 0.99])
def test_too_little_memory_to_start_is_said_at_once(limit: str, part: float) -> None:
    """Before it looked at the limits, it crashed under some (500 MiB), and hung under 1100 MiB."""
    (needed_mib,) = (n for _, command, n in NEEDED_MIB.values() if command == f"ulimit {limit}")
    given_mib = int(part * needed_mib)
    command = [*limited(f"ulimit {limit} {given_mib * 1024}"), *LAUNCH, "--camera", "demo"]
    started_s = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert time.monotonic() - started_s <= allowed_s(END_LIMIT_S)
    assert done.returncode == 1, done.stderr
    (line,) = done.stderr.splitlines()
    assert f"is limited to {given_mib} MiB, {needed_mib} MiB are needed" in line


def test_the_memory_that_is_asked_for_is_enough(tiny_bundle: Path, tmp_path: Path) -> None:
    camera = FaultyCamera()
    limits = (f"{command} {needed * 1024}" for _, command, needed in NEEDED_MIB.values())
    before = limited(" && ".join(limits))
    arguments = ("--camera", camera.url, "--bundle", tiny_bundle, "--record", tmp_path / "s")
    with Run(tmp_path, *arguments, before=before) as launched:
        launched.watch_new()
        launched.ends()
    camera.unplug()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc: Linux only")
def test_a_shortage_of_memory_passes(tiny_bundle: Path, tmp_path: Path) -> None:
    import resource

    camera = FaultyCamera(fps=10)
    with Run(tmp_path, "--camera", camera.url, "--bundle", tiny_bundle) as launched:
        launched.watch_new()
        pid = launched.process.pid
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
        unlimited = resource.prlimit(pid, resource.RLIMIT_AS)
        mapped = pages * os.sysconf("SC_PAGE_SIZE")
        resource.prlimit(pid, resource.RLIMIT_AS, (mapped + (8 << 20), unlimited[1]))
        camera.huge_px = (5000, 5000)
        launched.watch(lambda: bool((launched.client.info or {})["trouble"]))
        camera.huge_px = None
        resource.prlimit(pid, resource.RLIMIT_AS, unlimited)
        launched.recovers()
        launched.ends()
        assert launched.count("camera lost") <= 1
        assert launched.count("out of memory") <= 1
    camera.unplug()


@pytest.mark.skipif(not shutil.which("taskset"), reason="no taskset: apt-get install util-linux")
def test_on_one_core_that_another_program_wants_too_frames_are_dropped_not_delayed(
    tiny_bundle: Path, tmp_path: Path
) -> None:
    core = str(min(os.sched_getaffinity(0)))
    pinned = ("taskset", "-c", core)
    camera = FaultyCamera()
    with subprocess.Popen([*pinned, sys.executable, "-c", "while True: pass"]) as busy:
        try:
            arguments = ("--camera", camera.url, "--bundle", tiny_bundle)
            with Run(tmp_path, *arguments, before=pinned) as launched:
                launched.watch_new(60)
                launched.ends()
                assert launched.client.tally.lost == 0
        finally:
            busy.kill()
    camera.unplug()
