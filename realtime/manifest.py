"""`Manifest`: manifest.json of a bundle - what the model is, what it was trained on, the sha256 of
every other file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, JsonValue, ValidationError, field_validator

from calibration.part import Part
from realtime.errors import BadBundle
from realtime.parity import Parity, Tolerance

MANIFEST = "manifest.json"
MODEL = "model.onnx"
CAMERA = "camera.json"
GOLDEN = "golden.npz"

_MAX_MANIFEST_BYTES = 2**20
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

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


def read_manifest(path: Path) -> Manifest:
    """That of the bundle in the folder `path`. Raises `BadBundle`."""
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
