"""`python -m realtime.client`: what it writes, what it says, and its exit code."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from calibration.opencv import cv2
from realtime.client import Client
from realtime.client.__main__ import run
from realtime.client.watch import Limits, Watch
from realtime.errors import AddressError
from realtime.frame import Image
from tests.realtime.broadcast import PATIENCE_S, Broadcast, picture, raw_publisher, wait_until
from tests.realtime.display import hidden_display

ROOT = Path(__file__).parent.parent.parent
COMMAND = [sys.executable, "-m", "realtime.client"]


@pytest.fixture
def broadcast() -> Iterator[Broadcast]:
    with Broadcast() as broadcast:
        yield broadcast


def error_line(capsys: pytest.CaptureFixture[str]) -> str:
    """What was said, which must be one line."""
    said = capsys.readouterr().err
    assert said.startswith("client: ")
    assert said.count("\n") == 1, said
    return said


def test_the_pictures_and_the_figures_are_written(broadcast: Broadcast, tmp_path: Path) -> None:
    out, report = tmp_path / "new" / "out", tmp_path / "c.json"

    code = run(
        [
            *(broadcast.address, "--headless", "--frames", "20"),
            *("--save", str(out), "--report", str(report)),
        ]
    )

    assert code == 0
    assert sorted(p.name for p in out.iterdir()) == [f"avatar_{n:06d}.png" for n in range(1, 21)]
    reds = []
    for path in sorted(out.iterdir()):
        image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        reds.append(int(image[0, 0, 0]))
        assert np.array_equal(image, picture(reds[-1]))
    assert reds == sorted(set(reds))
    figures = json.loads(report.read_text())
    assert figures["frames"] == 20
    assert figures["received"] >= 20 + figures["skipped"]
    assert (figures["lost"], figures["crc_errors"]) == (0, 0)
    assert (figures["stream"], figures["bundle"]) == ("main", "tiny@01234567")
    assert set(figures["age_ms"]) == {"p50", "p95", "p99", "max"}
    assert figures["fps"] > 0


def test_a_duration_with_pictures_is_a_success(
    broadcast: Broadcast, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([broadcast.address, "--headless", "--duration", "1.3"]) == 0

    assert " fps  age p50 " in error_line(capsys)


def test_nobody_there_is_said_and_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Broadcast() as broadcast:
        address = broadcast.address
    report = tmp_path / "c.json"

    assert run([address, "--headless", "--timeout", "0.3", "--report", str(report)]) == 1

    said = error_line(capsys)
    assert address in said
    assert "nobody answers there; is launch.py running" in said
    assert json.loads(report.read_text())["frames"] == 0


def why_silent(client: Client, frames: int | None = None) -> str:
    """What is said of a client that gets no picture, or no more."""
    limits = Limits(frames=frames, duration_s=None, timeout_s=0.1)
    with pytest.raises(AddressError) as caught:
        Watch(client, limits).run()
    return str(caught.value)


def test_another_stream_is_named(broadcast: Broadcast) -> None:
    with Client(broadcast.address, "mian") as client:
        wait_until(lambda: client.other_streams)
        said = why_silent(client)

    assert "'mian'" in said
    assert "--stream main" in said


def test_a_publisher_without_pictures_is_told_apart() -> None:
    with Broadcast(limit=0) as broadcast, Client(broadcast.address) as client:
        wait_until(lambda: client.info)
        assert "its publisher runs but sends none" in why_silent(client)


def test_a_publisher_of_something_else_is_told_apart() -> None:
    with raw_publisher() as raw, Client(raw.address) as client:
        wait_until(lambda: client.connected)
        assert "knows no such stream" in why_silent(client)
        raw.wait_for_subscriber()
        raw.send(b"avatar/main", b"weather", b"fair")
        wait_until(lambda: client.tally.malformed)
        assert "not of this protocol: {'short_header': 1}" in why_silent(client)


def test_a_stream_that_stops_before_its_number_is_a_failure() -> None:
    with Broadcast(limit=3) as broadcast, Client(broadcast.address) as client:
        wait_until(lambda: client.tally.received == 3)
        assert "1 of 100 pictures came, then none for 0.1 s" in why_silent(client, frames=100)


def test_no_picture_in_the_duration_is_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    with Broadcast(limit=0) as broadcast:
        assert run([broadcast.address, "--headless", "--duration", "0.1"]) == 1

    assert "0 pictures came" in error_line(capsys)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--frames", "0"], "--frames 0: give a number above 0"),
        (["--duration", "-1"], "--duration -1"),
        (["--timeout", "nan"], "--timeout nan"),
        (["--frames", "many"], "--frames"),
        (["--stream", "a/b"], "choose another"),
        (["--unknown"], "--unknown"),
        (["--report", "no/such/folder/c.json"], "cannot write the report"),
        (["--save", "pyproject.toml"], "cannot write to the folder pyproject.toml"),
        (["--save", "no/such/folder/a.mp4"], "cannot write no/such/folder/a.mp4"),
        (["--save", "a.avi"], "a video is written as .mp4 or .mkv"),
        (["--scale", "0"], "--scale 0: give a number above 0"),
    ],
)
def test_what_makes_no_sense_is_answered_in_one_line(
    arguments: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)

    assert run(["tcp://127.0.0.1:5555", "--headless", *arguments]) == 2

    assert said in error_line(capsys)


@pytest.mark.parametrize("address", ["127.0.0.1:5555", "tcp://no-such-host.invalid:5555"])
def test_a_bad_address_is_answered_in_one_line(
    address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([address, "--headless"]) == 1

    assert address in error_line(capsys)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a display")
def test_without_a_display_it_says_what_to_do(
    broadcast: Broadcast, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)

    assert run([broadcast.address]) == 2

    assert "add --headless" in error_line(capsys)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_good_order(
    broadcast: Broadcast, tmp_path: Path, number: signal.Signals
) -> None:
    report = tmp_path / "c.json"
    command = [*COMMAND, broadcast.address, "--headless", "--report", str(report)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as client:
        assert client.stderr is not None
        while " fps " not in client.stderr.readline():
            assert client.poll() is None
        client.send_signal(number)
        said = client.stderr.read()

    assert client.returncode == 0
    assert "stopped by a signal" in said
    assert "Traceback" not in said
    assert json.loads(report.read_text())["frames"] > 0


def test_a_video_plays_after_a_signal(broadcast: Broadcast, tmp_path: Path) -> None:
    video, report = tmp_path / "clip.mkv", tmp_path / "c.json"
    command = [*COMMAND, broadcast.address, "--headless", "--save", video, "--report", report]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as client:
        assert client.stderr is not None
        while not re.search(r"clip\.mkv  [1-9]\d* taken", client.stderr.readline()):
            assert client.poll() is None
        client.send_signal(signal.SIGINT)
        said = client.stderr.read()

    assert client.returncode == 0
    figures = json.loads(report.read_text())
    (output,) = figures["outputs"]
    assert output["name"] == "clip.mkv"
    assert output["taken"] == figures["frames"] > 0
    assert f"saved {output['taken']} pictures, {output['dropped']} dropped, in {video}" in said
    with av.open(str(video)) as container:
        assert sum(1 for _ in container.decode(video=0)) == output["taken"]


class UntilAlert:
    """A window that is closed once it shows an alert about this."""

    def __init__(self, about: str) -> None:
        self.about, self.alerts = about, [""]

    def show(self, _image: Image, _lines: list[str], alert: str | None) -> None:
        self.alerts.append(alert or "")

    def pump(self) -> bool:
        return self.about not in self.alerts[-1]


def test_the_window_says_that_its_picture_is_old() -> None:
    limits = Limits(frames=None, duration_s=None, timeout_s=PATIENCE_S)
    window = UntilAlert("no picture for")
    with Broadcast(limit=20) as broadcast, Client(broadcast.address) as client:
        watch = Watch(client, limits, window)  # type: ignore[arg-type]
        watch.run()
    assert watch.frames >= 1
    assert "" in window.alerts[1:]


@pytest.fixture
def display() -> Iterator[str]:
    with hidden_display() as name:
        yield name


QUIT_WITH_Q = """
from calibration.opencv import cv2
from realtime.client.__main__ import run
real, pressed = cv2.waitKey, iter([-1] * 5)
cv2.waitKey = lambda delay_ms: (real(delay_ms), next(pressed, ord("q")))[1]
"""


@pytest.mark.parametrize("end", [["--frames", "5"], []], ids=["frames", "q"])
def test_the_window_shows_the_stream(
    broadcast: Broadcast, display: str, monkeypatch: pytest.MonkeyPatch, end: list[str]
) -> None:
    monkeypatch.setenv("DISPLAY", display)
    code = f"{QUIT_WITH_Q}\nraise SystemExit(run({[broadcast.address, *end]}))"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )

    assert done.returncode == 0, done.stderr
