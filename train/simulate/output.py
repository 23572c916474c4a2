"""Files that renders are written to: a prepared folder, PNG and JSON."""

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


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Raises OSError."""
    path.write_text(json.dumps(value, indent=1) + "\n")


def software_version() -> str:
    """Of this package."""
    try:
        return metadata.version("headset-avatar")
    except metadata.PackageNotFoundError:
        return "(not installed)"
