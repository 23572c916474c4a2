"""The main job as it ships: the demo clip through the demo bundle to a client."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from calibration.opencv import cv2
from realtime.bundle import Bundle
from realtime.config import DEMO_BUNDLE
from tests.end_to_end.test_launch import client, read_json, running


def test_the_demo_streams_the_avatar(tmp_path: Path) -> None:
    out, report = tmp_path / "out", tmp_path / "c.json"
    with running("--camera", "demo") as (_, address):
        done = client(address, "--frames", "30", "--save", out, "--report", report)
    assert done.returncode == 0, done.stderr
    figures = read_json(report)
    assert figures["bundle"] == Bundle.load(DEMO_BUNDLE).id
    assert figures["lost"] == figures["crc_errors"] == 0

    pictures = np.stack([cv2.imread(str(path)) for path in sorted(out.iterdir())])
    assert pictures.shape == (30, 256, 256, 3)
    corner, cheek = pictures[:, 100:130, :8], pictures[:, 100:130, 50:70]
    assert corner.mean() < 10, "the avatar stands before black"
    assert cheek.mean() > 80, "and is lit"


def test_the_demo_bundle_is_small_and_says_where_it_comes_from() -> None:
    bundle = Bundle.load(DEMO_BUNDLE)
    size_bytes = sum(p.stat().st_size for p in bundle.path.iterdir() if p.is_file())
    assert size_bytes < 12 * 2**20
    assert bundle.manifest.input.size_px == bundle.manifest.output.size_px == (256, 256)
    assert bundle.manifest.method == "restoration"
    assert any("Lee Perry-Smith" in line for line in bundle.manifest.credits)
