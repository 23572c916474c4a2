"""`python -m realtime.sessions.measure codecs|live|view`: the figures of docs/sessions.md.

codecs  time and size of ways to keep pictures without loss
live    what recording does to the time from the camera to a client: runs with and without, in turns
view    what the view, the lens and the levels cost for each picture

The pictures are the demo clip's, enlarged, with the noise of a sensor on them.
"""

from __future__ import annotations

import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from itertools import islice
from pathlib import Path
from typing import cast

import av
import numpy as np

from calibration.opencv import cv2
from calibration.profile import CameraProfile, Intrinsics, Photometric, View
from calibration.view_map import ViewMap
from realtime.frame import Image
from realtime.sources import open_source

ROUNDS = 4
SECONDS = 12
_SIZES_PX = ((640, 480), (1280, 720))
_NOISE = 2.0
_COUNT = 30
_WAYS = {
    "ffvhuff gbrp": ("ffvhuff", "gbrp", {"pred": "median"}),
    "magicyuv gbrp": ("magicyuv", "gbrp", {"pred": "median"}),
    "libx264rgb qp 0 ultrafast": (
        "libx264rgb",
        "rgb24",
        {"qp": "0", "preset": "ultrafast", "g": "1", "bf": "0"},
    ),
    "ffv1 bgr0": ("ffv1", "bgr0", {"level": "3", "coder": "0", "g": "1", "slices": "4"}),
    "png": ("png", "rgb24", {"compression_level": "1", "pred": "sub"}),
}


def camera_pictures(size_px: tuple[int, int], count: int = _COUNT) -> list[Image]:
    """uint8[H, W, 3] RGB."""
    random = np.random.default_rng(0)
    source = open_source("demo")
    pictures = []
    for frame in islice(iter(source.read, None), count):
        large = cv2.resize(frame.image, size_px, interpolation=cv2.INTER_CUBIC)
        noisy = large + random.normal(0.0, _NOISE, large.shape)
        pictures.append(np.clip(noisy, 0, 255).astype(np.uint8))
    source.close()
    return pictures


def codecs() -> None:
    """A line for each way and size: time of this thread's processor, and bytes, for a picture."""
    for size_px in _SIZES_PX:
        images = camera_pictures(size_px)
        for name, (codec, pixels, options) in _WAYS.items():
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "video.nut"
                cpu_s = _encode(path, images, codec, pixels, options)
                with av.open(str(path)) as read:
                    back = [f.to_ndarray(format="rgb24") for f in read.decode(video=0)]
                exact = all(map(np.array_equal, back, images)) and len(back) == len(images)
                size_kb = path.stat().st_size / len(images) / 1000
            print(
                f"{size_px[0]}x{size_px[1]}  {name:27} {1000 * cpu_s / len(images):6.1f} ms  "
                f"{size_kb:7.0f} kB  {'exact' if exact else 'NOT exact'}"
            )


def _encode(
    path: Path, images: list[Image], codec: str, pixels: str, options: dict[str, str]
) -> float:
    with av.open(str(path), "w") as container:
        stream = cast(av.VideoStream, container.add_stream(codec, rate=30, options=options))
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = pixels
        stream.codec_context.thread_count = 1
        started_s = time.thread_time()
        for number, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame = frame.reformat(format=pixels, threads=1)
            frame.pts, frame.time_base = number, Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        return time.thread_time() - started_s


def live() -> None:
    """p50 and p95 at the client of each run, then the medians with and without recording."""
    p95_ms: dict[bool, list[float]] = {False: [], True: []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip = folder / "camera.mkv"
        images = camera_pictures((640, 480)) * (SECONDS + 8)  # a second, again and again
        _encode(clip, images, "mjpeg", "yuvj422p", {"qmin": "2", "qmax": "2"})
        for number in range(2 * ROUNDS):
            recorded = number % 2 == 1
            p50, p95, recording = _run(clip, folder, recorded)
            p95_ms[recorded].append(p95)
            what = f"recording {recording}" if recorded else "not recording"
            print(f"p50 {p50:6.1f} ms  p95 {p95:6.1f} ms  {what}", flush=True)
    without, with_it = (statistics.median(p95_ms[recorded]) for recorded in (False, True))
    print(
        f"median p95: {without:.1f} ms without, {with_it:.1f} ms with recording "
        f"({100 * (with_it / without - 1):+.0f} %)"
    )


def _run(clip: Path, folder: Path, recorded: bool) -> tuple[float, float, str]:
    session, report, watched = folder / "session", folder / "r.json", folder / "c.json"
    shutil.rmtree(session, ignore_errors=True)
    command = [sys.executable, "launch.py", "--camera", str(clip), "--pace", "realtime"]
    command += ["--bind", "tcp://127.0.0.1:0", "--report", str(report)]
    command += ["--record", str(session)] if recorded else []
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as launched:
        assert launched.stderr is not None
        said = (re.search(r"realtime\.client (\S+)", line) for line in launched.stderr)
        address = next(match[1] for match in said if match)
        client = [sys.executable, "-m", "realtime.client", address, "--headless"]
        client += ["--duration", str(SECONDS), "--report", str(watched)]
        subprocess.run(client, check=True, capture_output=True)
        launched.terminate()
        launched.communicate()
    age_ms = json.loads(watched.read_text())["age_ms"]
    recording = json.loads(report.read_text())["recording"]
    figures = f"{recording['frames']}, drops {recording['dropped']}" if recording else ""
    return age_ms["p50"], age_ms["p95"], figures


def view() -> None:
    """Milliseconds for each picture of 640x480 and 1280x720 into a model's 256x256."""
    levels = Photometric(black_level=8.0, white_balance=(1.2, 1.0, 0.9), gain=1.1)
    for size_px in _SIZES_PX:
        width, height = size_px
        lens = Intrinsics(
            model="fisheye", size_px=size_px, focal_px=(0.6 * height, 0.6 * height),
            centre_px=(width / 2, height / 2), distortion=(0.05, -0.02, 0.0, 0.0),
        )  # fmt: skip
        plain = CameraProfile(camera="plain")
        undistorted = CameraProfile(camera="lens", view=View(undistort=True), intrinsics=lens)
        both = undistorted.model_copy(update={"photometric": levels})
        profiles = {"view": plain, "view and lens": undistorted, "view, lens and levels": both}
        image = camera_pictures(size_px, 1)[0]
        for name, profile in profiles.items():
            to_view = ViewMap(profile, (256, 256))
            first_ms = _median_ms(partial(to_view, image), 1)
            ms = _median_ms(partial(to_view, image), 200)
            print(f"{width}x{height}  {name:22} {ms:5.2f} ms  (table, once: {first_ms:.0f} ms)")


def _median_ms(work: Callable[[], object], times: int) -> float:
    """The median of so many calls."""
    took_ns = []
    for _ in range(times):
        started_ns = time.perf_counter_ns()
        work()
        took_ns.append(time.perf_counter_ns() - started_ns)
    return statistics.median(took_ns) / 1e6


if __name__ == "__main__":
    what = {"codecs": codecs, "live": live, "view": view}
    if len(sys.argv) != 2 or sys.argv[1] not in what:
        sys.exit((__doc__ or "").strip())
    what[sys.argv[1]]()
