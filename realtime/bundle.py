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
import json
import math
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    AwareDatetime,
    Field,
    JsonValue,
    ValidationError,
    field_validator,
)

from calibration.part import Part
from calibration.profile import CameraProfile, ProfileError
from realtime.errors import BadBundle

MANIFEST = "manifest.json"
MODEL = "model.onnx"
CAMERA = "camera.json"
GOLDEN = "golden.npz"
GOLDEN_PAIRS = 3

LEAST_PSNR_DB = 35.0
"""Of what computes in fewer bits than 32, to float32."""

_MAX_MANIFEST_BYTES = 2**20
_MAX_FILE_BYTES = 2**30
_NPY_HEADER = 1024
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_EXTERNAL_DATA = b"location"
"""The key with which an ONNX file says where outside of it a tensor lies: another file, or an
address in memory. Only these bytes are sure: lengths around them can be written in many ways."""

_One = Annotated[int, Field(ge=1, le=1)]
_Three = Annotated[int, Field(ge=3, le=3)]
_Pixels = Annotated[int, Field(ge=1, le=8192)]
_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Tensor(Part):
    """The one input or output of the graph: batch, height, width, RGB."""

    name: str = Field(min_length=1)
    shape: tuple[_One, _Pixels, _Pixels, _Three]
    dtype: Literal["uint8"] = "uint8"

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return self.shape[2], self.shape[1]


class Parity(Part):
    """How far a backend's output lies from PyTorch's, in 8-bit levels."""

    max_abs: float = Field(ge=0)
    mean_abs: float = Field(ge=0)
    psnr_db: float | None = None
    """None when the outputs are identical."""


def compare(got: NDArray[np.uint8], reference: NDArray[np.uint8]) -> Parity:
    """Figures over all pixels of two equally shaped uint8 arrays."""
    difference = got.astype(np.int16) - reference
    mean_square = float(np.square(difference, dtype=np.float64).mean())
    return Parity(
        max_abs=float(np.abs(difference).max()),
        mean_abs=float(np.abs(difference).mean()),
        psnr_db=10 * math.log10(255**2 / mean_square) if mean_square else None,
    )


class Tolerance(Part):
    """How far a backend may lie from the golden outputs, in 8-bit levels."""

    max_abs: float = Field(ge=0, le=255)
    mean_abs: float = Field(ge=0, le=255)


class Manifest(Part):
    """manifest.json. `version` is the version of this format."""

    version: Literal[1] = 1
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    created: AwareDatetime
    files: dict[str, _Sha256]
    """Plain file name -> sha256, for every file of the bundle but this one."""
    input: Tensor
    output: Tensor
    network: dict[str, JsonValue]
    """Family, width, parameters, GMAC."""
    method: str
    """How it was trained: "uncooperative", ..."""
    training: dict[str, JsonValue]
    """Run id, step, hours, and what the data were."""
    precision: str
    """Of the graph's numerics: "float32", ..."""
    opset: int = Field(ge=1)
    parity: dict[str, Parity]
    """Backend name -> figures measured at export."""
    golden: Tolerance
    credits: tuple[str, ...]
    """Whose data and models this was trained on."""
    licence: str

    @field_validator("files")
    @classmethod
    def _names_are_plain(cls, files: dict[str, str]) -> dict[str, str]:
        for name in files:
            if not _PLAIN_NAME.fullmatch(name) or name == MANIFEST:
                raise ValueError(f"{name!r} is not the plain name of a file of the bundle")
        if missing := {MODEL, CAMERA, GOLDEN} - files.keys():
            raise ValueError(f"lacks {', '.join(sorted(missing))}")
        return files

    def save(self, folder: Path) -> None:
        """Write `folder`/manifest.json; do it last, after the files whose hashes it holds."""
        (folder / MANIFEST).write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")


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
            manifest = _read_manifest(path)
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


def _read_manifest(path: Path) -> Manifest:
    file = path / MANIFEST
    wrong = None
    if not path.exists():
        wrong = "does not exist"
    elif not path.is_dir():
        wrong = "is not a folder"
    elif not any(path.iterdir()):
        wrong = "is empty"
    elif file.is_symlink():
        wrong = f"has a symbolic link for its {MANIFEST}"
    elif not file.is_file():
        wrong = f"has no {MANIFEST}"
    elif file.stat().st_size > _MAX_MANIFEST_BYTES:
        wrong = f"has a {MANIFEST} of over 1 MiB"
    if wrong:
        raise BadBundle(f"bundle {path} {wrong}: give a folder that `python -m export` wrote")
    text = file.read_bytes()
    try:
        content = json.loads(text)
        version = content.get("version") if isinstance(content, dict) else None
        if version != 1:
            raise BadBundle(
                f"bundle {path} is of format version {version!r}, this program reads version 1: "
                "export it again with this version, or update the program"
            )
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadBundle(
            f"bundle {path}: {MANIFEST}: {where}: {first['msg']} (got {first['input']!r:.80}): "
            "export it again"
        ) from error
    except (ValueError, RecursionError) as error:
        raise BadBundle(f"bundle {path}: {MANIFEST} is not JSON ({error}): restore it") from error


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
