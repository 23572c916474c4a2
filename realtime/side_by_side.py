"""`python -m realtime.side_by_side VIDEO --out FILE`: a bundle on a video, without any streaming.

An .mp4 shows the camera's view, the avatar and, if given, the truth beside each other; a .png or
.jpg shows some moments of them in columns, one below the other.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import av
import numpy as np
from tyro.conf import Positional, arg

from calibration.opencv import cv2
from calibration.printable import printable
from calibration.profile import ProfileError
from calibration.view_map import ViewMap
from realtime.backends import BackendName, open_backend
from realtime.bundle import Bundle
from realtime.command_line import parse
from realtime.config import DEMO_BUNDLE
from realtime.errors import RealtimeError, UsageError
from realtime.frame import Image
from realtime.sources import Source, open_source

PICTURES = (".png", ".jpg")
JPEG_QUALITY = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySideConfig:
    """Run a bundle on a video file and keep what came out."""

    video: Annotated[Positional[str], arg(metavar="VIDEO")]
    """A video file of the headset's camera."""
    out: Path
    """.mp4, .png or .jpg to write."""
    bundle: Path = DEMO_BUNDLE
    """Folder that `python -m export` wrote."""
    backend: BackendName = "auto"
    """What computes the model."""
    truth: Path | None = None
    """A video of what the avatar should look like, frame by frame (a simulated clip's)."""
    columns: int = 8
    """Moments in a picture, spread evenly over the video."""

    def __post_init__(self) -> None:
        if self.out.suffix not in (".mp4", *PICTURES):
            raise UsageError(f"--out {self.out}: give a name that ends in .mp4, .png or .jpg")
        if self.columns < 1:
            raise UsageError(f"--columns {self.columns}: give at least 1")


def run(config: SideBySideConfig) -> None:
    """Raises `RealtimeError` and `ProfileError`; writes nothing if the video holds no picture."""
    moments = list(_moments(config))
    if config.out.suffix in PICTURES:
        picks = np.linspace(0, len(moments) - 1, min(config.columns, len(moments))).round()
        columns = [np.concatenate(moments[int(i)], axis=0) for i in picks]
        picture = np.concatenate(columns, axis=1)
        quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if config.out.suffix == ".jpg" else []
        if not cv2.imwrite(str(config.out), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), quality):
            raise UsageError(f"cannot write {config.out}: give a file in a folder that exists")
    else:
        _write_video(config.out, [np.concatenate(moment, axis=1) for moment in moments])


def _moments(config: SideBySideConfig) -> Iterator[list[Image]]:
    """View, avatar and truth of each frame, all of the avatar's size."""
    bundle = Bundle.load(config.bundle)
    to_view = ViewMap(bundle.profile, bundle.manifest.input.size_px)
    backend = open_backend(config.backend, bundle)
    truth = _images(str(config.truth)) if config.truth else None
    try:
        for image in _images(config.video):
            view = to_view(image)
            avatar = backend.run(view)[0]
            size_px = (avatar.shape[1], avatar.shape[0])
            moment = [_sized(view[0], size_px), avatar.copy()]
            if truth is not None:
                moment.append(_sized(next(truth, np.zeros_like(avatar)), size_px))
            yield moment
    finally:
        backend.close()


def _images(path: str) -> Iterator[Image]:
    source: Source = open_source(path, pace="free")
    try:
        while (frame := source.read()) is not None:
            yield frame.image
    finally:
        source.close()


def _sized(image: Image, size_px: tuple[int, int]) -> Image:
    return np.asarray(cv2.resize(image, size_px, interpolation=cv2.INTER_AREA), np.uint8)


def _write_video(path: Path, images: list[Image]) -> None:
    try:
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=30, options={"crf": "18"})
            stream.height, stream.width = images[0].shape[:2]
            stream.pix_fmt = "yuv420p"
            for image in images:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            container.mux(stream.encode(None))
    except (OSError, av.FFmpegError) as error:
        raise UsageError(f"cannot write {path}: {error}") from error


def main() -> None:
    try:
        config = parse(
            SideBySideConfig, sys.argv[1:], "python -m realtime.side_by_side", __doc__ or ""
        )
        run(config)
    except (RealtimeError, ProfileError) as error:
        print(f"side_by_side: {printable(str(error))}", file=sys.stderr)
        sys.exit(2 if isinstance(error, UsageError) else 1)


if __name__ == "__main__":
    main()
