"""`Bundle`: the folder that carries a trained model to the live side, verified before it is used.

    models/demo/
    ├── manifest.json   what the model is, what it was trained on, the sha256 of every other file
    ├── model.onnx      uint8 RGB in, uint8 RGB out; all numerics are inside the graph
    ├── camera.json     the `CameraProfile` that the model was trained for
    ├── golden.npz      input/output pairs that a backend must reproduce before it may run
    └── engines/        a local cache, never shipped and never trusted

A bundle is copied between machines, so nothing in it is believed: file names are plain names, the
contents are hashed, and the bytes of model.onnx that were hashed are the bytes that run
(`Bundle.model`; no second read of the file). No pickle is ever loaded.
"""

from __future__ import annotations

import hashlib
import math
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.profile import CameraProfile, ProfileError
from realtime.errors import BadBundle
from realtime.manifest import CAMERA, GOLDEN, MODEL, Manifest, read_manifest

GOLDEN_PAIRS = 3

_MAX_FILE_BYTES = 2**30
_NPY_HEADER = 1024
_EXTERNAL_DATA = b"location"
"""The key with which an ONNX file says where outside of it a tensor lies: another file, or an
address in memory. Only these bytes are sure: lengths around them can be written in many ways."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenPair:
    """What the model must give for one input."""

    input: NDArray[np.uint8]
    """uint8[1, H, W, 3] RGB."""
    output: NDArray[np.uint8]
    """uint8[1, h, w, 3] RGB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A verified bundle."""

    path: Path
    manifest: Manifest
    profile: CameraProfile
    golden: tuple[GoldenPair, ...]
    model: bytes
    """model.onnx, as hashed."""

    @property
    def id(self) -> str:
        """Short and unique: the name and the first 8 digits of the model's sha256."""
        return f"{self.manifest.name}@{self.manifest.files[MODEL][:8]}"

    @classmethod
    def load(cls, path: Path) -> Bundle:
        """Read and verify everything. Raises `BadBundle` with the first thing that is wrong."""
        try:
            manifest = read_manifest(path)
            for name, sha256 in manifest.files.items():
                if name != MODEL:
                    _verify(path, name, sha256_file(_regular_file(path, name)), sha256)
            model = _regular_file(path, MODEL).read_bytes()
            _verify(path, MODEL, hashlib.sha256(model).hexdigest(), manifest.files[MODEL])
            profile = CameraProfile.load(path / CAMERA)
        except OSError as error:
            raise BadBundle(f"bundle {path} cannot be read: {error}") from error
        except ProfileError as error:
            raise BadBundle(f"bundle {path}: {error}: export it again") from error
        if _EXTERNAL_DATA in model:
            raise BadBundle(
                f"bundle {path}: {MODEL} keeps weights in another file, or names something "
                f"'{_EXTERNAL_DATA.decode()}', neither of which is allowed: export it as one file"
            )
        golden = _read_golden(path, manifest)
        return cls(path=path, manifest=manifest, profile=profile, golden=golden, model=model)


def sha256_file(path: Path) -> str:
    """The sha256 of a file's bytes, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def save_golden(folder: Path, pairs: tuple[GoldenPair, ...]) -> None:
    """Write `folder`/golden.npz: input_0, output_0, input_1, ..."""
    arrays = {}
    for index, pair in enumerate(pairs):
        arrays[f"input_{index}"] = pair.input
        arrays[f"output_{index}"] = pair.output
    np.savez_compressed(folder / GOLDEN, allow_pickle=False, **arrays)


def _regular_file(path: Path, name: str) -> Path:
    file = path / name
    if file.is_symlink():
        raise BadBundle(f"bundle {path}: {name} is a symbolic link: put the file itself there")
    if not file.is_file():
        raise BadBundle(f"bundle {path} lacks {name}: export it again, or restore it")
    if file.stat().st_size > _MAX_FILE_BYTES:
        raise BadBundle(f"bundle {path}: {name} is over 1 GiB, which no live model needs")
    return file


def _verify(path: Path, name: str, got: str, asked: str) -> None:
    if got != asked:
        raise BadBundle(
            f"bundle {path}: {name} is damaged or edited (sha256 {got[:8]}..., the manifest says "
            f"{asked[:8]}...): export it again, or restore it"
        )


def _check_unpacked_size(path: Path, manifest: Manifest) -> None:
    """Raises ValueError for a file that would unpack to more than it may hold."""
    most = max(math.prod(manifest.input.shape), math.prod(manifest.output.shape)) + _NPY_HEADER
    with zipfile.ZipFile(path / GOLDEN) as file:
        for entry in file.infolist():
            if entry.file_size > most:
                raise ValueError(f"{entry.filename} unpacks to {entry.file_size} bytes, not {most}")


def _read_golden(path: Path, manifest: Manifest) -> tuple[GoldenPair, ...]:
    try:
        _check_unpacked_size(path, manifest)
        with np.load(path / GOLDEN, allow_pickle=False) as arrays:
            pairs = tuple(
                GoldenPair(input=arrays[f"input_{index}"], output=arrays[f"output_{index}"])
                for index in range(GOLDEN_PAIRS)
            )
    # What zipfile, zlib and numpy raise for damaged files is many things, not all documented.
    except Exception as error:
        raise BadBundle(
            f"bundle {path}: {GOLDEN} cannot be read ({error}): export again"
        ) from error
    for index, pair in enumerate(pairs):
        for tensor, array in ((manifest.input, pair.input), (manifest.output, pair.output)):
            if array.dtype != np.uint8 or array.shape != tensor.shape:
                raise BadBundle(
                    f"bundle {path}: {GOLDEN} pair {index} holds {array.dtype}{array.shape} for "
                    f"{tensor.name!r}, the manifest says uint8{tensor.shape}: export it again"
                )
    return pairs
