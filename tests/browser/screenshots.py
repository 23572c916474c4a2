"""Takes the pictures of docs/browser.md: the page, and what a headset's two eyes see.

python -m tests.browser.screenshots [BUNDLE]
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from realtime.config import DEMO_BUNDLE
from tests.browser.chromium import SOFTWARE_WEBGL, chromium, install_headset, put_on
from tests.end_to_end.test_web import serving_page, state_becomes

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
SETTLE_S = 5.0


def main() -> None:
    bundle = Path(sys.argv[1]) if len(sys.argv) > 1 else DEMO_BUNDLE
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, chromium(SOFTWARE_WEBGL) as browser:
        os.environ["XDG_STATE_HOME"] = folder
        headset = install_headset(Path(folder))
        arguments = ("--camera", "demo", "--bundle", bundle, "--web", "0")
        with serving_page(*arguments) as (_, _, url):
            context = browser.new_context(viewport={"width": 1280, "height": 800})
            put_on(headset, context)
            page = context.new_page()
            page.goto(url)
            state_becomes(page, "live")
            time.sleep(SETTLE_S)
            page.screenshot(path=IMAGES / "web-2d.png")
            page.set_viewport_size({"width": 1280, "height": 640})
            page.click("text=Enter VR")
            time.sleep(SETTLE_S)
            page.screenshot(path=IMAGES / "web-vr.png")
            context.close()


if __name__ == "__main__":
    main()
