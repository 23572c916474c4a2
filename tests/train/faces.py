"""A simulated set drawn with ellipses: a mouth that opens and moves aside, nothing to render."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from calibration.opencv import cv2
from tests.train.conftest import SIZE

MOUTH_PX = (8, 8, 16, 16)


def draw(jaw: float, side: float) -> NDArray[np.uint8]:
    """A face as domain C shows it, uint8[SIZE,SIZE,3] RGB."""
    image = np.full((SIZE, SIZE, 3), (200, 150, 130), np.uint8)
    centre = (round(16 * (16 + 4 * side)), 16 * 16)
    axes = (16 * 6, round(16 * (1 + 6 * jaw)))
    cv2.ellipse(image, centre, axes, 0, 0, 360, (60, 10, 10), -1, cv2.LINE_AA, 4)
    return image


def light(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The same face as domain V shows it: tinted and noisy."""
    tint = rng.uniform(0.5, 1.2, 3)
    return np.clip(image * tint + rng.normal(0, 4, image.shape), 0, 255).astype(np.uint8)


def write_set(folder: Path, v: int = 12, c: int = 40, clip: int = 0, seed: int = 0) -> Path:
    """What `python -m train simulate` leaves, at SIZE: v/ with truth/, c/, coefficients, a clip of
    `clip` frames."""
    rng = np.random.default_rng(seed)
    coefficients: dict[str, dict[str, dict[str, float]]] = {"v": {}, "c": {}}
    for name, count in (("v", v), ("c", c)):
        (folder / name).mkdir(parents=True)
        (folder / "truth").mkdir(exist_ok=True)
        for index in range(count):
            jaw, side = rng.random(2)
            file = f"{index:06d}.png"
            coefficients[name][file] = {"jawOpen": jaw, "mouthLeft": side, "mouthClose": 0.0}
            if name == "v":
                _write(folder / "truth" / file, draw(jaw, side))
                _write(folder / "v" / file, light(draw(jaw, side), rng))
            else:
                _write(folder / "c" / file, draw(jaw, side))
    (folder / "coefficients.json").write_text(json.dumps(coefficients))
    (folder / "simulation.json").write_text(json.dumps({"size": SIZE, "mouth_px": MOUTH_PX}))
    if clip:
        jaws = 0.5 - 0.5 * np.cos(np.arange(clip) / 3)
        _write_clip(folder / "clip_truth.mp4", [draw(jaw, 0.5) for jaw in jaws])
        _write_clip(folder / "clip.mp4", [light(draw(jaw, 0.5), rng) for jaw in jaws])
    return folder


def _write(path: Path, image: NDArray[np.uint8]) -> None:
    assert cv2.imwrite(str(path), image[..., ::-1])


def _write_clip(path: Path, frames: list[NDArray[np.uint8]]) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"crf": "1"})
        stream.width = stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
