"""`launch.py --web` as a user runs it, and Chromium that watches, with an emulated headset on."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from realtime.client import Client
from tests.browser.chromium import SOFTWARE_WEBGL, chromium, install_headset, put_on
from tests.browser.marked import (
    COLOUR_SPOTS,
    COLOURS,
    NUMBER_SPOTS,
    Colour,
    alike,
    draw_marked,
    inverted,
    read_marked,
)
from tests.end_to_end.test_launch import run, running
from tests.pictures import write_clip

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FPS = 30
FRAMES = 60 * FPS
PATIENCE_S = 30.0
"""Chromium draws in software here, beside everything else that the machine does."""
FRESH = 3 * FPS
"""A picture this many frames old is still the right one, on a busy machine."""
SPOTS = NUMBER_SPOTS + COLOUR_SPOTS
READ_CANVAS = """spots => {
  const canvas = document.querySelector("canvas#picture"), context = canvas.getContext("2d");
  return spots.map(([u, v]) =>
    [...context.getImageData(u * canvas.width, v * canvas.height, 1, 1).data.slice(0, 3)]);
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(SOFTWARE_WEBGL) as opened:
        yield opened


@pytest.fixture(scope="module")
def headset(tmp_path_factory: pytest.TempPathFactory) -> str:
    return install_headset(tmp_path_factory.mktemp("headset"))


@pytest.fixture
def arguments(
    tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[object, ...]:
    """For launch.py: marked pictures, as a camera would give them; a page on a port of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    pictures = (draw_marked(number) for number in range(FRAMES))
    clip = write_clip(tmp_path / "clip.mp4", pictures, fps=FPS, encoder={"preset": "ultrafast"})
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return ("--camera", clip, "--pace", "realtime", "--bundle", tiny_bundle, "--web", port)


@contextmanager
def serving_page(*arguments: object) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """A launch.py, the address of its stream and that of its page."""
    with running(*arguments) as (process, address):
        assert process.stderr is not None
        said = process.stderr.readline()
        match = re.fullmatch(
            r"launch: to watch in a browser: (http://127\.0\.0\.1:\d+/#\S+)\n", said
        )
        assert match, said
        yield process, address, match[1]


def state_becomes(page: Page, word: str) -> None:
    """Wait until the page says that it is in this state."""
    page.wait_for_function(
        "word => document.querySelector('#state').textContent === word",
        arg=word,
        timeout=PATIENCE_S * 1000,
    )


def number_of(seen: list[Colour]) -> int:
    """The number in what is seen at `SPOTS`; the colours beside it must be right as well."""
    *blocks, red, green, blue, yellow = inverted(seen)
    assert alike((red, green, blue, yellow), COLOURS), (red, green, blue, yellow)
    return read_marked(blocks)


def newest_number(client: Client) -> int:
    """The one of the newest picture of the stream."""
    received = client.read_image(PATIENCE_S)
    assert received is not None
    height, width, _ = received[1].shape
    seen = [received[1][int(v * height), int(u * width)].tolist() for u, v in SPOTS]
    return number_of(seen)


def both_eyes_see_the_stream(page: Page, address: str) -> int:
    """Which picture they see."""
    with Client(address) as client:
        before = newest_number(client)
        left, right = (number_of(seen) for seen in page.evaluate("look", SPOTS))
        after = newest_number(client)
    assert left == right
    assert before - FRESH <= left <= after
    return left


def test_a_headset_shows_the_stream_to_both_eyes_and_goes_on_after_a_restart(
    browser: Browser, headset: str, arguments: tuple[object, ...], tmp_path: Path
) -> None:
    wrong: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 640})
    context.set_default_timeout(PATIENCE_S * 1000)
    put_on(headset, context)
    page = context.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))

    with serving_page(*arguments) as (launched, address, url):
        page.goto(url)
        state_becomes(page, "live")
        first = number_of(page.evaluate(READ_CANVAS, SPOTS))
        page.screenshot(path=tmp_path / "page.png")
        page.click("text=Enter VR")
        page.wait_for_selector("text=Leave VR")
        assert both_eyes_see_the_stream(page, address) > first
        page.screenshot(path=tmp_path / "immersive.png")
        page.evaluate("window.loadedOnce = true")
        launched.kill()
        launched.wait()
    state_becomes(page, "reconnecting")

    # The second one streams H.264, which the page decodes by WebCodecs.
    with serving_page(*arguments, "--codec", "h264") as (_, address, new_url):
        assert new_url != url
        state_becomes(page, "live")
        both_eyes_see_the_stream(page, address)
        assert page.evaluate("window.loadedOnce")
        page.evaluate("document.querySelector('#vr').click()")
        page.wait_for_selector("text=Enter VR")
        number_of(page.evaluate(READ_CANVAS, SPOTS))
    context.close()
    assert wrong == []


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--web", "0.0.0.0:0"], 1, r"can be reached from other machines, .*--web-cert FOLDER"),
        (["--web", "nothing"], 2, r"--web 'nothing': give a port, such as 8443"),
        (["--web-cert", "x"], 2, r"--web-cert x is for --web: add --web 0\.0\.0\.0:8443"),
        (["--web", "0", "--web-cert", "x"], 2, r"no certificate can be read from x .*make one"),
    ],
)
def test_a_mistake_gets_one_line(
    tiny_bundle: Path, arguments: list[str], code: int, message: str
) -> None:
    given = ("--camera", "97", "--bundle", tiny_bundle, "--bind", "tcp://127.0.0.1:0")
    done = run(*given, *arguments)
    assert done.returncode == code, done.stderr
    (line,) = done.stderr.splitlines()
    assert re.search(message, line), line
