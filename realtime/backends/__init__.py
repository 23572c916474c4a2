"""`open_backend`: the runtime that computes the model, proved on the golden pairs before it serves.

A backend computes one function: uint8 RGB in, uint8 RGB out, of the shapes in the manifest. Which
one runs is always said by its `name`, in the status line, in the report and on the wire.
"""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from realtime.bundle import Bundle
from realtime.errors import BackendError

BackendName = Literal["auto", "onnxruntime"]
"""What can be asked for. "auto" is the best one here; today there is one."""


class Backend(Protocol):
    """A loaded model. Used by one thread."""

    name: str
    """The runtime and what it computes on: "onnxruntime-cpu"."""

    def run(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """uint8[1, H, W, 3] RGB -> uint8[1, h, w, 3] RGB. Raises `BackendError`."""

    def close(self) -> None:
        """Give back what the runtime holds."""


def open_backend(name: BackendName, bundle: Bundle) -> Backend:
    """Open a runtime, warm it up and check it. Raises `BackendError`.

    The golden check is the warm-up too: it runs the model on production shapes, so the first camera
    frame finds memory allocated and kernels chosen.
    """
    from realtime.backends.onnx_runtime import OnnxRuntime

    backend = OnnxRuntime(bundle)
    try:
        check_golden(backend, bundle)
    except BaseException:
        backend.close()
        raise
    return backend


def check_golden(backend: Backend, bundle: Bundle) -> None:
    """Raises `BackendError` if an output lies further from the golden one than is allowed."""
    allowed = bundle.manifest.golden
    for index, pair in enumerate(bundle.golden):
        got = backend.run(pair.input)
        difference = np.abs(got.astype(np.int16) - pair.output)
        max_abs, mean_abs = int(difference.max()), float(difference.mean())
        if max_abs > allowed.max_abs or mean_abs > allowed.mean_abs:
            raise BackendError(
                f"{backend.name} does not compute what bundle {bundle.id} says: golden pair "
                f"{index} is off by up to {max_abs} of 255 levels, {mean_abs:.3f} on average "
                f"(allowed: {allowed.max_abs:g} and {allowed.mean_abs:g}): use another --backend, "
                "another version of the runtime, or export the bundle again"
            )
