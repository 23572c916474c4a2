"""Files that renders are written to: a prepared folder, PNG, JSON; a normal pass as a picture."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration.opencv import cv2
from train.errors import BadData, TrainError


def prepare(
    out: Path, folders: Sequence[str], record: str, written: Sequence[str], overwrite: bool
) -> None:
    """Make `out` and its `folders`.

    With `overwrite`, what an earlier run wrote (`written`) is deleted, and nothing else; that it
    was such a run is told from its file `record`. Raises `BadData` where something is in the way,
    `TrainError` where nothing can be written.
    """
    try:
        if out.is_dir() and any(out.iterdir()):
            if not overwrite:
                raise BadData(f"--out {out} is not empty: choose another folder, or --overwrite")
            if not (out / record).exists():
                raise BadData(
                    f"--out {out} holds no {record}, so it is not overwritten: choose another "
                    "folder"
                )
            _remove(out, written)
        for name in folders:
            (out / name).mkdir(parents=True)
    except OSError as error:
        raise TrainError(f"--out {out} cannot be written: {error}") from error


def _remove(out: Path, written: Sequence[str]) -> None:
    for name in written:
        path = out / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def write_png(path: Path, image: NDArray[np.uint8]) -> None:
    """uint8[H, W, 3] RGB. Raises OSError."""
    _, data = cv2.imencode(".png", image[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    path.write_bytes(data.tobytes())


def normal_map(normals: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Directions float32[H, W, 3] in -1..1 (right, up, towards the camera) -> uint8[H, W, 3], red,
    green and blue, as normal maps have them: -1 is 0, 1 is 255. Where nothing is, it is grey."""
    return np.asarray(np.round((normals + 1) * 127.5).clip(0, 255), np.uint8)


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Raises OSError."""
    path.write_text(json.dumps(value, indent=1) + "\n")


def software_version() -> str:
    """Of this package."""
    try:
        return metadata.version("headset-avatar")
    except metadata.PackageNotFoundError:
        return "(not installed)"
