"""Debian's Chromium, driven by Playwright, with a headset that npm's iwer emulates."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

HERE = Path(__file__).parent
INSTALL_S = 120.0
PATIENCE_MS = 20_000
"""That a page may take for anything."""
QUIET = (
    *("--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
"""Nothing is asked of the network but the page."""
SOFTWARE_WEBGL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
NO_WEBGL = ("--disable-gpu",)
"""Cheaper without a graphics card."""


@contextmanager
def chromium(graphics: Sequence[str] = NO_WEBGL) -> Iterator[Browser]:
    """Headless, with an empty profile; skips the test, with the reason, where it is not there."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("there is no chromium here; apt-get install chromium")
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("there is no playwright here; pip install playwright")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*QUIET, *graphics])
        try:
            yield browser
        finally:
            browser.close()


def install_headset(folder: Path) -> str:
    """The script of an emulated headset, which npm puts into `folder`; skips where it cannot."""
    if shutil.which("npm") is None:
        pytest.skip("there is no npm here; apt-get install nodejs npm")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]
    done = subprocess.run(
        install, cwd=folder, capture_output=True, text=True, timeout=INSTALL_S, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"npm cannot install iwer: {done.stderr.strip().splitlines()[-1]}")
    return (folder / "node_modules" / "iwer" / "build" / "iwer.min.js").read_text()


def put_on(headset: str, context: BrowserContext) -> None:
    """Give every page of `context` the headset, and the eyes to look through it."""
    wear = "const headset = new IWER.XRDevice(IWER.metaQuest3, { stereoEnabled: true });"
    install = "headset.installRuntime({ forceInstall: true });"
    eyes = (HERE / "eyes.js").read_text()
    context.add_init_script(f"{headset};{wear}{install}{eyes}")
