"""ONNX Runtime on the CPU: the backend that runs everywhere."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnxruntime import (  # type: ignore[attr-defined]
    InferenceSession,
    SessionOptions,
    __version__,
)

from realtime.bundle import MODEL, Bundle, Tensor
from realtime.errors import BackendError

_MAX_THREADS = 4


class OnnxRuntime:
    """See `realtime.backends.Backend`."""

    name = "onnxruntime-cpu"

    def __init__(self, bundle: Bundle, threads: int | None = None) -> None:
        """`threads` for one frame; None chooses. Raises `BackendError`."""
        options = SessionOptions()
        options.intra_op_num_threads = threads or default_threads()
        options.inter_op_num_threads = 1
        # Spinning threads would take the cores from capture and encode between two frames: at 30
        # frames a second on 2 cores it costs 1.26 cores instead of 0.62, and it is slower (29 ms
        # instead of 20 ms) as soon as another program runs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3  # errors only; they also arrive as exceptions
        try:
            self._session = InferenceSession(
                bundle.model, options, providers=["CPUExecutionProvider"], enable_fallback=0
            )
        # The runtime's exceptions share no base class of their own.
        except Exception as error:
            raise BackendError(
                f"ONNX Runtime {__version__} cannot load {bundle.path / MODEL}: "
                f"{_one_line(error)}: upgrade onnxruntime, or export the bundle again with an "
                "older opset"
            ) from error
        manifest = bundle.manifest
        _check_tensor("input", self._session.get_inputs(), manifest.input)
        _check_tensor("output", self._session.get_outputs(), manifest.output)
        self._input, self._output = manifest.input, manifest.output

    def run(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """uint8[1, H, W, 3] RGB -> uint8[1, h, w, 3] RGB. Raises `BackendError`."""
        try:
            (out,) = self._session.run([self._output.name], {self._input.name: frame})
        except Exception as error:
            raise BackendError(f"ONNX Runtime failed on a frame: {_one_line(error)}") from error
        return np.asarray(out, np.uint8)

    def close(self) -> None:
        """The session frees its memory when it is collected; nothing else is held."""


def default_threads() -> int:
    """Threads for one frame: all but one core, which capture and encode keep, and at most 4.

    On 2 cores both are used: 12 ms a frame instead of 17 ms (0.7 GMAC, 30 frames a second), and the
    threads sleep for the rest of the time. A live model is too small to gain from more than a few.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(max((cores or 1) - 1, min(cores or 1, 2)), _MAX_THREADS)


def _check_tensor(role: str, nodes: Sequence[Any], asked: Tensor) -> None:
    got = ", ".join(f"{node.name} {node.type}{node.shape}" for node in nodes)
    wanted = f"{asked.name} tensor({asked.dtype}){list(asked.shape)}"
    if got != wanted:
        raise BackendError(
            f"{MODEL} has the {role} {got}, the manifest says {wanted}: export the bundle again"
        )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
