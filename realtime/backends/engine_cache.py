"""TensorRT's built engines as a local cache, `engines/` of a bundle.

An engine belongs to one graph, GPU, version of TensorRT, driver and precision; all are in its file
name, so that another one is never loaded in its place. A file begins with the sha256 of the rest:
TensorRT may crash on a damaged engine before it can refuse it. The digest guards against damage,
not against an enemy, so a folder of somebody else's engines must not be copied in.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from realtime.bundle import Bundle
from realtime.manifest import MODEL

ENGINES = "engines"
_DIGEST_BYTES = 32

Engine = TypeVar("Engine")


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineKey:
    """Everything that makes an engine useless when it changes."""

    onnx_sha256: str
    gpu: str
    tensorrt: str
    driver: str
    precision: str

    @classmethod
    def of(cls, bundle: Bundle, *, gpu: str, tensorrt: str, driver: str) -> EngineKey:
        """The key of a bundle's engine on this machine."""
        manifest = bundle.manifest
        return cls(
            onnx_sha256=manifest.files[MODEL],
            gpu=gpu,
            tensorrt=tensorrt,
            driver=driver,
            precision=manifest.precision,
        )

    @property
    def file_name(self) -> str:
        """<onnx sha, 8 digits>-<gpu>-<tensorrt>-<driver>-<precision>.plan"""
        parts = (self.onnx_sha256[:8], self.gpu, self.tensorrt, self.driver, self.precision)
        return "-".join(re.sub(r"[^A-Za-z0-9.]+", "_", part) for part in parts) + ".plan"


def load_or_build(
    folder: Path,
    key: EngineKey,
    *,
    load: Callable[[bytes], Engine | None],
    build: Callable[[], bytes],
    on_event: Callable[[str], None],
) -> Engine | None:
    """The engine of `key`, from the cache or built and kept there.

    load: a plan's bytes -> the engine, or None if they are no engine for this machine.
    build: may raise. A plan that was built just now and does not load is None.
    """
    path = folder / key.file_name
    plan, wrong = _read(path)
    if plan is not None:
        if (engine := load(plan)) is not None:
            return engine
        wrong = "TensorRT refuses it"
    if wrong:
        on_event(f"engine {path}: {wrong}; it is built again")
    on_event(f"building TensorRT's engine for {key.gpu}: once, a minute or so")
    plan = build()
    _write(path, plan, on_event)
    return load(plan)


def _read(path: Path) -> tuple[bytes | None, str]:
    """The plan, or why there is none; no reason where there is simply no file."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None, ""
    except OSError as error:
        return None, f"it cannot be read ({error.strerror})"
    plan = content[_DIGEST_BYTES:]
    if hashlib.sha256(plan).digest() != content[:_DIGEST_BYTES]:
        return None, "it is damaged"
    return plan, ""


def _write(path: Path, plan: bytes, on_event: Callable[[str], None]) -> None:
    """Whole or not at all, also when two programs build at once."""
    try:
        path.parent.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
            file.write(hashlib.sha256(plan).digest() + plan)
        Path(file.name).replace(path)
    except OSError as error:
        on_event(f"engine {path} cannot be kept ({error.strerror}): the next start builds it again")
