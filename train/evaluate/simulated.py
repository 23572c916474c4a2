"""Reads a simulated set with its truth: the one module of `train` that opens truth/ and
coefficients.json. Nothing that trains D and E may import it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from calibration.clips import playlist_objection
from calibration.opencv import cv2
from train.data import list_images, read_image
from train.errors import BadData
from train.runs import Images

Mouth = tuple[slice, slice]
"""Rows and columns of an image."""
MIN_SESSIONS = 5
"""Fewer sessions than these say nothing about the next one: intervals are then over images."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Headset images with their true renders."""

    names: tuple[str, ...]
    v: Images
    truth: Images
    mouth: Mouth
    groups: NDArray[np.int64]
    """[N]: which images belong together, for intervals."""
    unit: str
    """What a group is: "session" or "image"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """Consecutive headset images with their true renders."""

    v: Images
    truth: Images
    fps: float


def load_pairs(data: Path, size: int, count: int) -> Pairs:
    """Up to `count` images of v/ with truth/, spread evenly, at size x size. Raises `BadData`."""
    paths = spread(list_images(data / "v"), count)
    names = tuple(path.name for path in paths)
    groups, unit = _groups(names, simulation(data).get("stills_per_session"))
    return Pairs(
        names=names,
        v=read_images(paths, size),
        truth=read_images([data / "truth" / name for name in names], size),
        mouth=mouth_slices(data, size),
        groups=groups,
        unit=unit,
    )


def load_renders(data: Path, size: int, folder: str = "c") -> tuple[tuple[str, ...], Images]:
    """Names and pictures of all of c/ or of truth/, whose names are those of v/."""
    paths = list_images(data / folder)
    return tuple(path.name for path in paths), read_images(paths, size)


def load_coefficients(
    data: Path, domain: str, names: tuple[str, ...]
) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    """Shapes and float32[N,shapes] in 0..1, the expressions of the images `names` of "v" or "c"."""
    path = data / "coefficients.json"
    try:
        table = json.loads(path.read_text())[domain]
        rows = [table[name] for name in names]
        shapes = tuple(rows[0])
        return shapes, np.array([[row[shape] for shape in shapes] for row in rows], np.float32)
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise BadData(
            f"{path} does not hold the expressions of {domain}/ ({error}); give a set that "
            "`python -m train simulate` wrote"
        ) from error


def load_clip(data: Path, size: int, most: int) -> Clip | None:
    """The first `most` frames of the clip; None if the set has none."""
    paths = data / "clip.mp4", data / "clip_truth.mp4"
    if not all(path.exists() for path in paths):
        return None
    (v, fps), (truth, _) = (_frames(path, size, most) for path in paths)
    if len(v) != len(truth) or len(v) < 2:
        raise BadData(f"{data}: the clip has {len(v)} frames and its truth {len(truth)}")
    return Clip(v=v, truth=truth, fps=fps)


def mean_render(data: Path, size: int) -> NDArray[np.uint8]:
    """The mean of c/, uint8[size,size,3]: the answer of somebody who does not look at v."""
    paths = list_images(data / "c")
    total = np.zeros((size, size, 3))
    for path in paths:
        total += read_images([path], size)[0]
    return np.asarray((total / len(paths)).round(), np.uint8)


def mouth_slices(data: Path, size: int) -> Mouth:
    """Rows and columns of the mouth in a size x size image, from the set's simulation.json."""
    content = simulation(data)
    try:
        x, y, width, height = (value * size / content["size"] for value in content["mouth_px"])
    except (KeyError, TypeError, ValueError) as error:
        raise BadData(
            f"{data / 'simulation.json'} does not say where the mouth is ({error}); give a set "
            "that `python -m train simulate` wrote"
        ) from error
    return slice(round(y), round(y + height)), slice(round(x), round(x + width))


def simulation(data: Path) -> dict[str, Any]:
    """What simulation.json says. Raises `BadData` if there is none."""
    path = data / "simulation.json"
    try:
        content: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise BadData(
            f"{path} cannot be read ({error}); give a set that `python -m train simulate` wrote"
        ) from error
    return content


def spread(paths: list[Path], count: int) -> list[Path]:
    """Up to `count` of them, evenly, the first and the last among them."""
    picks = np.linspace(0, len(paths) - 1, min(count, len(paths))).round().astype(int)
    return [paths[i] for i in picks]


def read_images(paths: list[Path], size: int) -> Images:
    """Raises `BadData` for one that is missing or cannot be decoded."""
    images = []
    for path in paths:
        image = read_image(path, size)
        if image is None:
            raise BadData(f"{path} is missing or cannot be decoded")
        images.append(image)
    return np.stack(images)


def _groups(names: tuple[str, ...], per_session: int | None) -> tuple[NDArray[np.int64], str]:
    """Sessions by number where the set says how many stills each has, else by name: all before the
    last number, as in monday_0012.png."""
    stems = [Path(name).stem for name in names]
    if per_session and all(stem.isdigit() for stem in stems):
        sessions = [str(int(stem) // per_session) for stem in stems]
    else:
        sessions = [re.sub(r"[-_]?\d+$", "", stem) for stem in stems]
    if len(set(sessions)) < MIN_SESSIONS:
        return np.arange(len(names)), "image"
    return np.unique(sessions, return_inverse=True)[1].astype(np.int64), "session"


def _frames(path: Path, size: int, most: int) -> tuple[Images, float]:
    if (why := playlist_objection(path)) is not None:
        raise BadData(why)
    try:
        with av.open(f"file:{path}") as container:
            rate = container.streams.video[0].average_rate
            frames = []
            for frame in container.decode(video=0):
                image: NDArray[Any] = frame.to_ndarray(format="rgb24")
                if image.shape[:2] != (size, size):
                    image = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)
                frames.append(np.asarray(image, np.uint8))
                if len(frames) == most:
                    break
    except (av.error.FFmpegError, OSError, IndexError) as error:
        raise BadData(f"{path} cannot be decoded: {error}") from error
    return np.stack(frames), float(rate or 30)
