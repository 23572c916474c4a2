"""Measures how old pictures are when Chromium shows them: a benchmark, not a test.

    python -m tests.browser.measure [SECONDS [CODEC]]

An MJPEG camera draws the time into its pictures; launch.py streams them, inverted, at 256 x 256;
the time is read back from the pixels of the page's canvas before each frame that the browser
presents. So the age is that of the whole way: camera's encoder, HTTP, decoder, launch.py, codec,
WebSocket, decoder, canvas. All on one machine, whose clock is the same for both ends.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tests.browser.chromium import chromium
from tests.conftest import write_tiny_bundle
from tests.end_to_end.test_web import serving_page, state_becomes
from tests.pictures import BRIGHT, COLUMNS, DARK, ROWS
from tests.servers import MjpegServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SIDE_PX = 256
SETTLE_S = 3.0
BURN_MS = 30

READ = f"""
window.seen = [];
const spots = Array.from({{ length: {ROWS * COLUMNS} }}, (_, index) => [
  (index % {COLUMNS} + 0.5) / {COLUMNS}, (Math.floor(index / {COLUMNS}) + 0.5) / {ROWS}]);
let last = -1;
function read() {{
  requestAnimationFrame(read);
  const canvas = document.querySelector("#picture");
  if (!canvas) return;
  const {{ width, height }} = canvas;
  const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
  const number = spots.reduce((sum, [u, v], index) => {{
    const level = pixels[(Math.floor(v * height) * width + Math.floor(u * width)) * 4];
    return sum + (255 - level > {(DARK + BRIGHT) / 2} ? 2 ** index : 0);
  }}, 0);
  if (number !== last) window.seen.push([performance.timeOrigin + performance.now(), number]);
  last = number;
}}
read();
"""
"""Notes when which number is shown first; the model inverts."""

BURN = f"""
const property = Object.getOwnPropertyDescriptor(Worker.prototype, "onmessage");
Object.defineProperty(Worker.prototype, "onmessage", {{
  ...property,
  set(handler) {{
    property.set.call(this, handler && ((event) => {{
      const end = performance.now() + {BURN_MS};
      while (performance.now() < end);
      handler.call(this, event);
    }}));
  }},
}});
"""
"""A page that is busy for so long at each message of its receiver."""


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    codec = sys.argv[2] if len(sys.argv) > 2 else "jpeg"
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before, {seconds:g} s, {codec}")
    print("| camera | page | age p50 ms | p95 ms | fps streamed | shown |")
    print("| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        os.environ["XDG_STATE_HOME"] = folder
        bundle = Path(folder) / "bundle"
        bundle.mkdir()
        write_tiny_bundle(bundle, (1, SIDE_PX, SIDE_PX, 3))
        for fps in (30, 60):
            for burns in (False, True):
                ages_ms, streamed = measure(browser, bundle, fps, burns, seconds, codec)
                p50, p95 = np.percentile(ages_ms, (50, 95))
                page = f"burns {BURN_MS} ms a message" if burns else "as it is"
                rates = f"{streamed:.0f} | {len(ages_ms) / seconds:.0f}"
                print(f"| {fps} fps | {page} | {p50:.0f} | {p95:.0f} | {rates} |", flush=True)


def measure(
    browser: Browser, bundle: Path, fps: int, burns: bool, seconds: float, codec: str
) -> tuple[list[float], float]:
    """The age of each picture when it was first shown, in ms; how many came a second."""
    with MjpegServer(size_px=(SIDE_PX, SIDE_PX), fps=fps) as camera:
        arguments = ("--camera", camera.url, "--bundle", bundle, "--web", "0", "--codec", codec)
        with serving_page(*arguments) as (_, _, url), browser.new_context() as context:
            context.add_init_script(READ + (BURN if burns else ""))
            page = context.new_page()
            page.goto(url)
            state_becomes(page, "live")
            time.sleep(SETTLE_S)
            page.evaluate("seen.length = 0")
            time.sleep(seconds)
            seen = page.evaluate("seen")
            streamed = float(page.inner_text("#fps-made").removeprefix("of "))
    unix_minus_monotonic_ms = (time.time_ns() - time.monotonic_ns()) / 1e6
    ages_ms = [(unix_ms - unix_minus_monotonic_ms - number) % 2**24 for unix_ms, number in seen]
    return ages_ms, streamed


if __name__ == "__main__":
    main()
