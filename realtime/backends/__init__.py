"""`open_backend`: the runtime that computes the model, proved on the golden pairs before it serves.

A backend computes one function: uint8 RGB in, uint8 RGB out, of the shapes in the manifest. Which
one runs is always said by its `name`, in the status line, in the report and on the wire.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from realtime.bundle import Bundle
from realtime.errors import BackendError
from realtime.parity import LEAST_PSNR_DB, compare

BackendName = Literal[
    "auto",
    "onnxruntime",
    "onnxruntime:cuda",
    "onnxruntime:directml",
    "onnxruntime:openvino",
    "openvino",
    "openvino:bf16",
    "tensorrt",
]
"""What can be asked for. "auto": TensorRT where it works, else the fastest here on the CPU."""

ROUNDING: frozenset[BackendName] = frozenset({"openvino:bf16"})
"""Those that compute in 16 bits whatever the graph says: `LEAST_PSNR_DB` is what binds them."""


class Backend(Protocol):
    """A loaded model. Used by one thread."""

    name: str
    """The runtime and what it computes on: "onnxruntime-cpu"."""
    trial_ms: Mapping[str, float] | None
    """What "auto" chose it by: name -> median time for a frame; None: there was no choice."""

    def run(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """uint8[1, H, W, 3] RGB -> uint8[1, h, w, 3] RGB, the caller's to keep. Raises
        `BackendError`."""

    def close(self) -> None:
        """Give back what the runtime holds."""


def _silent(_sentence: str) -> None:
    """For callers that have nobody to tell."""


def open_backend(
    name: BackendName, bundle: Bundle, on_event: Callable[[str], None] = _silent
) -> Backend:
    """Open a runtime, warm it up and check it. Raises `BackendError`; `BackendMissing` where the
    runtime is not installed or finds no device.

    The golden check is the warm-up too: it runs the model on production shapes, so the first camera
    frame finds memory allocated and kernels chosen. `on_event` gets sentences for people: what
    "auto" took and why, an engine that has to be built.
    """
    if name == "auto":
        from realtime.backends.auto import open_best

        return open_best(bundle, on_event)
    backend = _load(name, bundle, on_event)
    try:
        check_golden(backend, bundle, rounds=name in ROUNDING)
    except BaseException:
        backend.close()
        raise
    return backend


def _load(name: BackendName, bundle: Bundle, on_event: Callable[[str], None]) -> Backend:
    if name == "tensorrt":
        from realtime.backends.tensor_rt import TensorRt

        return TensorRt(bundle, on_event)
    if name in ("openvino", "openvino:bf16"):
        from realtime.backends.open_vino import OpenVino

        return OpenVino(bundle, bf16=name == "openvino:bf16")
    try:
        from realtime.backends.onnx_runtime import OnnxRuntime
    except ImportError as error:
        raise BackendError(
            f"ONNX Runtime cannot be loaded: {error}: install it again "
            "(pip install --force-reinstall onnxruntime), or give the program more memory"
        ) from error
    return OnnxRuntime(bundle, provider=name.partition(":")[2] or "cpu")


def check_picture(seen: NDArray[np.uint8], avatar: NDArray[np.uint8]) -> None:
    """Raises `BackendError` for an output that cannot be a picture of `seen`.

    Both uint8[1, h, w, 3]. A NaN anywhere in a network with normalisation is soon everywhere, and
    as a byte it is the same one everywhere: one flat colour, which no model makes of a camera's
    picture.
    """
    if _is_flat(avatar) and not _is_flat(seen):
        raise BackendError(
            f"the model gave one flat colour ({avatar[0, 0, 0].tolist()}) instead of a picture: "
            "its numbers overflowed; export it again with more precision"
        )


def _is_flat(image: NDArray[np.uint8]) -> bool:
    row = image[0, image.shape[1] // 2].tobytes()
    if row != row[:3] * (len(row) // 3):
        return False  # as nearly every picture's
    some = image[:, ::16, ::16]
    return bool((some == some[:, :1, :1]).all() and (image == image[:, :1, :1]).all())


def check_golden(backend: Backend, bundle: Bundle, *, rounds: bool = False) -> None:
    """Raises `BackendError` if an output lies further from the golden one than is allowed: by the
    manifest, or, if the backend `rounds` more than the graph says, by `LEAST_PSNR_DB`."""
    allowed = bundle.manifest.golden
    for index, pair in enumerate(bundle.golden):
        found = compare(backend.run(pair.input), pair.output)
        psnr_db = math.inf if found.psnr_db is None else found.psnr_db
        if rounds:
            good, bound = psnr_db >= LEAST_PSNR_DB, f"PSNR {LEAST_PSNR_DB:g} dB or more"
        else:
            good = found.max_abs <= allowed.max_abs and found.mean_abs <= allowed.mean_abs
            bound = f"{allowed.max_abs:g} and {allowed.mean_abs:g}"
        if not good:
            raise BackendError(
                f"{backend.name} does not compute what bundle {bundle.id} says: golden pair "
                f"{index} is off by up to {found.max_abs:.0f} of 255 levels, {found.mean_abs:.3f} "
                f"on average, PSNR {psnr_db:.1f} dB (allowed: {bound}): use another --backend, "
                "another version of the runtime, or export the bundle again"
            )


def check_frame(frame: NDArray[np.uint8], bundle: Bundle) -> None:
    """Raises `BackendError` unless `frame` is uint8 of the manifest's shape: a runtime that is
    handed bare memory would read another picture out of it."""
    asked = bundle.manifest.input.shape
    if frame.dtype != np.uint8 or frame.shape != asked:
        raise BackendError(
            f"a frame of {frame.dtype}{list(frame.shape)}: the model of bundle {bundle.id} takes "
            f"uint8{list(asked)}"
        )
