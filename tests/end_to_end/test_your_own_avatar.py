"""docs/your-own-avatar.md, followed literally at small size by a user whom nobody tuned for.

The commands are those of the page; `SMALL` says what is replaced in them, and each replacement must
be needed. A simulated camera stands in for `--camera 0`, and `click` for the user's mouse.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from calibration.images import first_picture, write_image
from calibration.profile import CameraProfile
from calibration.viewpoint.pose import angle_deg
from tests.calibration.simulated import write_clip
from tests.end_to_end.own_user import LENS, POSITION_M, click, film, pose, write_board_photos
from tests.train.simulate.conftest import egl  # noqa: F401
from tests.train.simulate.other_avatar import other_glb

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "your-own-avatar.md"
PATIENCE_S = 120.0
FRAMES = 24

SMALL = {
    "launch.py --camera 0 --profile": "launch.py --camera face.avi --profile",
    "launch.py --camera 0 --bundle": "launch.py --camera slow.avi --bind PORT --bundle",
    "guide sessions/alice-01": "guide sessions/alice-01 --hold-s 0.02 --ready-s 0.02",
    "--count 1000": "--count 24 --size 64",
    "check --v": "check --size 64 --json check.json --v",
    "fit --v": "fit --size 64 --width 8 --blocks 2 --adversary-width 8 --batch 2 --steps 4 --v",
    "realtime.client tcp://127.0.0.1:5555": (
        "realtime.client PORT --headless --frames 5 --save got --report client.json"
    ),
}


def commands() -> list[str]:
    """Of the page's fenced blocks, one a line, made small."""
    text = PAGE.read_text(encoding="utf-8")
    lines = "".join(re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
    for page, small in SMALL.items():
        assert page in lines, f"the page no longer says {page}"
        lines = lines.replace(page, small)
    return lines.splitlines()


@pytest.mark.usefixtures("egl")
def test_the_page_leads_from_a_camera_to_a_live_avatar(tmp_path: Path) -> None:
    prepare(tmp_path)
    follow(commands(), tmp_path)
    assert_calibrated(CameraProfile.load(tmp_path / "cam.json"))
    assert_recorded_and_covered(tmp_path)
    got = sorted((tmp_path / "got").glob("*.png"))
    assert len(got) == 5
    assert first_picture(got[0]).image.shape == (64, 64, 3)


def prepare(folder: Path) -> None:
    """What the user has before the first command."""
    other_glb().save(folder / "my.vrm")
    write_board_photos(folder / "photos")
    pictures = film(folder / "my.vrm", FRAMES, 12)
    write_image(folder / "face.png", pictures[0])
    write_clip(folder / "face.avi", pictures, fps=6)
    write_clip(folder / "slow.avi", pictures, fps=0.5)


def follow(lines: list[str], folder: Path) -> None:
    """Run them in turn; a launch.py runs beside the command that the page gives for it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    launched: subprocess.Popen[str] | None = None
    try:
        for line in lines:
            arguments = shlex.split(line.replace("PORT", address))
            if "launch.py" in arguments:
                launched = start(arguments, folder)
                continue
            run(arguments, folder)
            if "landmarks" in arguments:
                click(folder / "points.csv")
            if "guide" in arguments:
                assert launched is not None
                assert launched.wait(PATIENCE_S) == 0
    finally:
        if launched is not None:
            launched.kill()
            launched.wait()


def start(arguments: list[str], folder: Path) -> subprocess.Popen[str]:
    """launch.py in the background; what it says is read by nobody."""
    program = [sys.executable, str(ROOT / "launch.py"), *arguments[2:]]
    with (folder / "launch.log").open("w") as log:
        return subprocess.Popen(
            program, cwd=folder, env=environment(), stderr=log, stdout=log, text=True
        )


def run(arguments: list[str], folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, *arguments[1:]], cwd=folder, env=environment(), capture_output=True,
        text=True, timeout=PATIENCE_S,
    )  # fmt: skip
    assert done.returncode == 0, f"{shlex.join(arguments)}: {done.stdout}{done.stderr}"


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def assert_calibrated(profile: CameraProfile) -> None:
    """The lens within 1 %; the camera within 3 mm and 1 degree, with 1 px of click noise."""
    intrinsics, viewpoint = profile.intrinsics, profile.viewpoint
    assert intrinsics is not None
    assert viewpoint is not None
    np.testing.assert_allclose(intrinsics.focal_px, LENS.focal_px, rtol=0.01)
    np.testing.assert_allclose(intrinsics.centre_px, LENS.centre_px, atol=7)
    assert np.linalg.norm(np.subtract(viewpoint.position_m, POSITION_M)) < 0.003
    assert angle_deg(np.array(viewpoint.camera_from_head), pose().turn) < 1


def assert_recorded_and_covered(folder: Path) -> None:
    checked = json.loads((folder / "check.json").read_text())
    assert (checked["V"]["images"], checked["C"]["images"]) == (FRAMES, 24)
    assert ["good", "view"] in [[line["level"], line["about"]] for line in checked["verdict"]]
    assert checked["guide"]["expression"]["steps"] == 18
    assert checked["guide"]["shapes_missing"] == []
    trained, live = (
        CameraProfile.load(folder / place) for place in ("cam.json", "models/alice/camera.json")
    )
    assert live == trained
