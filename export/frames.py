"""`read_frames`: views as the live model will see them, out of images, a video or a session."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.profile import CameraProfile
from calibration.view_map import ViewMap
from export.errors import ExportError
from train.data import open_source
from train.data.pixels import Undecodable, square


def read_frames(
    path: Path, size: int, profile: CameraProfile, count: int, least: int
) -> NDArray[np.uint8]:
    """uint8[N,size,size,3] RGB: up to `count`, spread evenly over what `path` holds.

    Images are taken as training takes them, the centred square; a video or a session is what the
    camera gave, so the camera's profile says which part is the view. Raises `BadData` if there is
    nothing of the kind, `ExportError` if fewer than `least` can be read.
    """
    source = open_source(path)
    to_view = ViewMap(profile, (size, size))
    wanted = set(np.linspace(0, source.count() - 1, count).round().astype(int).tolist())
    frames = []
    for index, picture in enumerate(source.pictures()):
        if index not in wanted:
            continue
        try:
            image = picture.decode()
        except Undecodable:
            continue
        frames.append(to_view(image)[0] if source.videos else square(image, size))
    if len(frames) < least:
        raise ExportError(f"{path}: {least} images are needed, got {len(frames)}: give more")
    return np.stack(frames)
