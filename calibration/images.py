"""Pictures to calibrate from: a folder of images, a clip, a recorded session, or a camera."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.clips import playlist_objection
from calibration.errors import BadImages
from calibration.opencv import MOST_PIXELS, cv2
from calibration.recorded import SESSION, VIDEO, video_objection

Image = NDArray[np.uint8]
"""uint8[H, W, 3], RGB."""

IMAGE_SUFFIXES = {".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
VIDEO_SUFFIXES = {".avi", ".mkv", ".mov", ".mp4", ".nut", ".ts", ".webm"}
_OPEN_TIMEOUT_MS = 8000
_SETTLING_PICTURES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture and what to call it in a message."""

    name: str
    image: Image


def pictures(source: str | Path) -> Iterator[Picture]:
    """The pictures of `source`, one after the other; a camera's never end.

    `source` is a folder of images (in the order of their names), an image, a video file, a folder
    that holds one video, a recorded session, a camera's index or device path, or an address
    (rtsp://, http://). Raises `BadImages`.
    """
    path = Path(source)
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if not p.name.startswith("."))
        images = [p for p in files if p.suffix.lower() in IMAGE_SUFFIXES]
        videos = [p for p in files if p.suffix.lower() in VIDEO_SUFFIXES]
        if images:
            yield from (_read(p) for p in images)
        elif (path / SESSION).exists():
            if (why := video_objection(path / VIDEO)) is not None:
                raise BadImages(why)
            yield from _frames(str(path / VIDEO))
        elif len(videos) == 1:
            yield from _frames(str(videos[0]))
        else:
            raise BadImages(
                f"{path}: a folder of images, or with one video, is needed; it holds no image "
                f"({', '.join(sorted(IMAGE_SUFFIXES))}) and {len(videos)} videos"
            )
    elif path.is_file() and path.suffix.lower() in IMAGE_SUFFIXES:
        yield _read(path)
    else:
        yield from _frames(str(source))


def first_picture(source: str | Path) -> Picture:
    """The first picture; of a camera, one after its exposure has settled. Raises `BadImages`."""
    live = not Path(source).is_file() and not Path(source).is_dir()
    return next(islice(pictures(source), _SETTLING_PICTURES if live else 0, None))


def write_image(path: Path, image: Image) -> None:
    """Write uint8[H, W, 3] RGB or [H, W]. Raises `BadImages` where that cannot be."""
    try:
        done = cv2.imwrite(str(path), image[..., ::-1] if image.ndim == 3 else image)
    except cv2.error:
        done = False
    if not done:
        raise BadImages(
            f"cannot write {path}: the folder must exist, be writable, and the name end in .png"
        )


def size_of(image: Image) -> tuple[int, int]:
    """Width, height."""
    return image.shape[1], image.shape[0]


def _read(path: Path) -> Picture:
    try:
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    except cv2.error:  # too large
        image = None
    if image is None:
        raise BadImages(
            f"{path}: not an image that can be read, or of over {MOST_PIXELS} pixels; remove it or "
            "save it again as PNG"
        )
    return Picture(name=path.name, image=np.ascontiguousarray(image[..., ::-1], np.uint8))


def _frames(source: str) -> Iterator[Picture]:
    """Of a video file, a camera or an address."""
    capture = _open(source)
    name = Path(source).name if Path(source).exists() else "frame"
    index = 0
    try:
        while True:
            got, image = capture.read()
            if not got:
                break
            yield Picture(
                name=f"{name}:{index}", image=np.ascontiguousarray(image[..., ::-1], np.uint8)
            )
            index += 1
    finally:
        capture.release()
    if index == 0:
        raise BadImages(
            f"{source}: opens, but gives no picture: is it a video, or a camera in use?"
        )


def _open(source: str) -> cv2.VideoCapture:
    _silence_libraries()
    if (why := playlist_objection(Path(source))) is not None:
        raise BadImages(why)
    if source.isdecimal():
        capture = cv2.VideoCapture(int(source))
    elif "://" in source:
        timeouts = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _OPEN_TIMEOUT_MS]
        timeouts += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, _OPEN_TIMEOUT_MS]
        capture = cv2.VideoCapture(source, cv2.CAP_FFMPEG, timeouts)
    elif Path(source).exists():
        capture = cv2.VideoCapture(source)
    else:
        raise BadImages(
            f"{source}: no such file, folder or device; give a folder of images, a video, a "
            "camera's index or path, or an rtsp:// or http:// address"
        )
    if not capture.isOpened():
        raise BadImages(
            f"{source}: cannot be opened as a camera or video: is it connected, free, and a video?"
        )
    return capture


def _silence_libraries() -> None:
    """What they print would stand beside our own line and say less."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    if hasattr(cv2, "setLogLevel"):  # OpenCV 4
        cv2.setLogLevel(0)
    else:
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
