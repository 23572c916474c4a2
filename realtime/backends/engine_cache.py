"""TensorRT's built engines as a local cache, `engines/` of a bundle.

An engine belongs to one graph, GPU, version of TensorRT, driver and precision; all are in its file
name, so that another one is never loaded in its place. TensorRT trusts an engine, which may crash
it or run code, and a bundle may come from a stranger, `engines/` included. So a file begins with a
MAC of the rest and its name, by a key that is this user's on this machine: what anybody else built,
or what is damaged, is built again.
"""

from __future__ import annotations

import hmac
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from realtime.bundle import Bundle
from realtime.errors import UsageError
from realtime.manifest import MODEL
from realtime.secret_files import own_key

ENGINES = "engines"
KEY_FILE = "engines.key"
_MAC_BYTES = 32

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
    secret = _secret(on_event)
    plan, wrong = _read(path, secret)
    if plan is not None:
        if (engine := load(plan)) is not None:
            return engine
        wrong = "TensorRT refuses it"
    if wrong:
        on_event(f"engine {path}: {wrong}; it is built again")
    on_event(f"building TensorRT's engine for {key.gpu}: once, a minute or so")
    plan = build()
    if secret is not None:
        _write(path, plan, secret, on_event)
    return load(plan)


def _secret(on_event: Callable[[str], None]) -> bytes | None:
    """What engines are signed with; None where it cannot be kept, so that they cannot either."""
    try:
        return own_key(KEY_FILE)
    except (OSError, UsageError) as error:
        on_event(f"engines are not kept: {error}")
        return None


def _mac(secret: bytes, path: Path, plan: bytes) -> bytes:
    mac = hmac.new(secret, f"{path.name}\0".encode(), "sha256")
    mac.update(plan)
    return mac.digest()


def _read(path: Path, secret: bytes | None) -> tuple[bytes | None, str]:
    """The plan, or why there is none; no reason where there is simply no file."""
    if secret is None or not (path.is_symlink() or path.exists()):
        return None, ""
    if path.parent.is_symlink() or path.is_symlink() or not path.is_file():
        return None, "it is no regular file"
    try:
        content = path.read_bytes()
    except OSError as error:
        return None, f"it cannot be read ({error.strerror})"
    plan = content[_MAC_BYTES:]
    if not hmac.compare_digest(_mac(secret, path, plan), content[:_MAC_BYTES]):
        return None, "it is damaged, or was not built here"
    return plan, ""


def _write(path: Path, plan: bytes, secret: bytes, on_event: Callable[[str], None]) -> None:
    """Whole or not at all, also when two programs build at once."""
    try:
        if path.parent.is_symlink():
            raise NotADirectoryError(0, "its folder is a symbolic link")
        path.parent.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
            file.write(_mac(secret, path, plan) + plan)
        Path(file.name).replace(path)
    except OSError as error:
        on_event(f"engine {path} cannot be kept ({error.strerror}): the next start builds it again")
