"""The attacks of break_in/ on a real launch.py: nothing comes of them, and the stream goes on."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from realtime.address import parse_address
from realtime.client import Client
from realtime.keys import KeyFolder
from tests.end_to_end.break_in.bundles import DAMAGES as BUNDLES
from tests.end_to_end.break_in.network import (
    ON_A_SOCKET,
    ON_THE_WEB,
    ask_for,
    open_ports,
    other_addresses,
    subscribe_without_a_key,
)
from tests.end_to_end.break_in.sessions import DAMAGES as SESSIONS
from tests.end_to_end.break_in.sessions import write_session
from tests.end_to_end.live import live_stream
from tests.end_to_end.test_launch import run, running
from tests.servers import MjpegServer

PATIENCE_S = 30.0
MOST_GROWTH_MB = 60
"""Of the process under any attack; ZeroMQ's buffers for each connection are the most of it."""


class Live(NamedTuple):
    """A launch.py that is attacked, and somebody who watches."""

    pid: int
    address: str
    clock: str
    site: str
    watcher: Client


@pytest.fixture(scope="module", params=["plain", "curve"])
def live(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("live")
    arguments: list[object] = ["--codec", "raw"]
    curve = None
    if request.param == "curve":
        keys, curve = KeyFolder(folder / "keys"), folder / "alice.key.json"
        keys.new("alice").save(curve)
        arguments += ["--curve", keys.path]
    with (
        pytest.MonkeyPatch.context() as patch,
        live_stream(folder, *arguments, "--web", 0) as (process, address),
    ):
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        assert process.stderr is not None
        site = process.stderr.readline().split()[-1].partition("/#")[0]
        with Client(address, curve=curve) as watcher:
            while watcher.clock_offset_ms is None:
                assert watcher.read(PATIENCE_S) is not None
            clock = str((watcher.info or {})["clock"])
            yield Live(process.pid, address, clock, site, watcher)


def megabytes(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


def goes_on(watcher: Client) -> bool:
    """Ten more pictures came, of those that are sent now, and none was damaged."""
    watcher.read(0)
    came = [watcher.read(PATIENCE_S) for _ in range(10)]
    return None not in came and not watcher.tally.malformed and watcher.tally.restarts == 0


def test_three_ports_are_open_and_only_to_this_machine(live: Live) -> None:
    own = {str(link.readlink()) for link in Path(f"/proc/{live.pid}/fd").iterdir()}
    listening = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{live.pid}/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *_, inode = line.split()[:10]
            if state == "0A" and f"socket:[{inode}]" in own:
                host, port = local.split(":")
                listening.append((host, int(port, 16)))
    assert {port for _, port in listening} == {
        parse_address(live.address).port,
        parse_address(live.clock).port,
        int(live.site.rpartition(":")[2]),
    }
    assert {host for host, _ in listening} == {"0100007F"}  # 127.0.0.1, as the kernel writes it
    ports = sorted(port for _, port in listening)
    assert open_ports("127.0.0.1", ports) == ports
    assert [open_ports(host, ports) for host in other_addresses()] == [
        [] for _ in other_addresses()
    ]


@pytest.mark.parametrize("port", ["address", "clock"])
@pytest.mark.parametrize("attack", ON_A_SOCKET, ids=lambda attack: attack.__name__)
def test_an_attack_on_a_socket(live: Live, port: str, attack: Callable[[str], str]) -> None:
    before_mb = megabytes(live.pid)
    assert attack(getattr(live, port)) == ON_A_SOCKET[attack]
    assert goes_on(live.watcher)
    assert megabytes(live.pid) - before_mb < MOST_GROWTH_MB


@pytest.mark.parametrize("attack", ON_THE_WEB, ids=lambda attack: attack.__name__)
def test_an_attack_on_the_page(live: Live, attack: Callable[[str], str]) -> None:
    assert ask_for(live.site, "/")[0] == 200
    assert attack(live.site) == ON_THE_WEB[attack]
    assert goes_on(live.watcher)


def test_who_has_no_key_sees_what_anybody_may(live: Live, request: pytest.FixtureRequest) -> None:
    encrypted = "curve" in request.node.name
    assert subscribe_without_a_key(live.address) == ("nothing" if encrypted else "pictures")


@pytest.mark.parametrize("damage", BUNDLES, ids=lambda damage: damage.__name__)
def test_a_bundle_that_reaches_elsewhere(tiny_bundle: Path, damage: Callable[[Path], None]) -> None:
    damage(tiny_bundle)
    done = run("--camera", "demo", "--bundle", tiny_bundle, "--bind", "tcp://127.0.0.1:0")
    assert done.returncode == 1
    assert BUNDLES[damage] in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "name", ["link_session.json", "link_video.nut", "playlist", "endless_line"]
)
def test_a_session_that_reaches_elsewhere(tiny_bundle: Path, tmp_path: Path, name: str) -> None:
    """All ways are tried in tests/realtime/sessions/test_strangers.py."""
    session = write_session(tmp_path / "s")
    (damage,) = (damage for damage in SESSIONS if damage.__name__ == name)
    damage(session)
    asked = ("--camera", session, "--bundle", tiny_bundle, "--bind", "tcp://127.0.0.1:0")
    done = run(*asked, "--backend", "onnxruntime")
    assert done.returncode == 1
    assert SESSIONS[damage] in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_camera_s_password_is_shown_nowhere(tiny_bundle: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    with MjpegServer(size_px=(64, 64), login=("ann", "hunter2")) as camera:
        url = camera.url.replace("://", "://ann:hunter2@")
        arguments = ("--camera", url, "--bundle", tiny_bundle, "--report", report)
        with running(*arguments) as (launched, address), Client(address) as watcher:
            assert watcher.read(PATIENCE_S) is not None
            camera.kill()
            while (watcher.info or {}).get("source", {}).get("state") != "lost":
                assert watcher.read(PATIENCE_S) is not None
            told = json.dumps(watcher.info)
            launched.send_signal(signal.SIGINT)
            _, said = launched.communicate(timeout=PATIENCE_S)
    assert "***@127.0.0.1" in told
    assert "***@127.0.0.1" in report.read_text()
    assert "hunter2" not in told + said + report.read_text()
