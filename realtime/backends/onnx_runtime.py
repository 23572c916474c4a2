"""ONNX Runtime: on the CPU, the backend that runs everywhere; or by another of its providers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnxruntime import (  # type: ignore[attr-defined]
    InferenceSession,
    SessionOptions,
    __version__,
    get_available_providers,
)

from realtime.backends.threads import default_threads
from realtime.bundle import Bundle
from realtime.errors import BackendError, BackendMissing, one_line
from realtime.manifest import MODEL, Tensor

_PROVIDERS: dict[str, tuple[str, dict[str, str], str]] = {
    "cpu": ("CPUExecutionProvider", {}, "onnxruntime"),
    # TF32 rounds to 10 bits, which moves pictures by several levels.
    "cuda": ("CUDAExecutionProvider", {"use_tf32": "0"}, "onnxruntime-gpu"),
    "directml": ("DmlExecutionProvider", {}, "onnxruntime-directml"),
    "openvino": ("OpenVINOExecutionProvider", {"device_type": "CPU"}, "onnxruntime-openvino"),
}
"""What is asked for -> the runtime's name, its options, and the package that has it."""


class OnnxRuntime:
    """See `realtime.backends.Backend`."""

    trial_ms: Mapping[str, float] | None = None

    def __init__(self, bundle: Bundle, threads: int | None = None, provider: str = "cpu") -> None:
        """`threads` for one frame; None chooses. Raises `BackendError`."""
        asked, settings, package = _PROVIDERS[provider]
        self.name = f"onnxruntime-{provider}"
        _check_installed(provider, asked, package)
        try:
            self._session = InferenceSession(
                bundle.model,
                _options(threads or default_threads(), provider),
                providers=[(asked, settings)],
                enable_fallback=0,
            )
        # The runtime's exceptions share no base class of their own.
        except Exception as error:
            raise BackendError(
                f"ONNX Runtime {__version__} cannot load {bundle.path / MODEL}: "
                f"{one_line(error)}: upgrade onnxruntime, or export the bundle again with an "
                "older opset"
            ) from error
        # A provider whose libraries are missing is left out, with no more than a line of log.
        if asked not in (got := self._session.get_providers()):
            raise BackendMissing(
                f"--backend onnxruntime:{provider}: {asked} did not start (its libraries or its "
                f"device are missing), only {', '.join(got)} did: install what it needs, or use "
                "--backend onnxruntime"
            )
        manifest = bundle.manifest
        _check_tensor("input", self._session.get_inputs(), manifest.input)
        _check_tensor("output", self._session.get_outputs(), manifest.output)
        self._input, self._output = manifest.input, manifest.output

    def run(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """uint8[1, H, W, 3] RGB -> uint8[1, h, w, 3] RGB. Raises `BackendError`."""
        try:
            (out,) = self._session.run([self._output.name], {self._input.name: frame})
        except Exception as error:
            raise BackendError(f"ONNX Runtime failed on a frame: {one_line(error)}") from error
        return np.asarray(out, np.uint8)

    def close(self) -> None:
        """The session frees its memory when it is collected; nothing else is held."""


def _options(threads: int, provider: str) -> SessionOptions:
    options = SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Spinning threads would take the cores from capture and encode between two frames: at 30
    # frames a second on 2 cores half as much processor time again (docs/export.md).
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3  # errors only; they also arrive as exceptions
    if provider == "directml":
        options.enable_mem_pattern = False  # which DirectML demands
    return options


def _check_installed(provider: str, asked: str, package: str) -> None:
    if asked not in (installed := get_available_providers()):
        raise BackendMissing(
            f"--backend onnxruntime:{provider}: this ONNX Runtime {__version__} has no {asked}, "
            f"only {', '.join(installed)}: pip install {package} in place of onnxruntime"
        )


def _check_tensor(role: str, nodes: Sequence[Any], asked: Tensor) -> None:
    got = ", ".join(f"{node.name} {node.type}{node.shape}" for node in nodes)
    wanted = f"{asked.name} tensor({asked.dtype}){list(asked.shape)}"
    if got != wanted:
        raise BackendError(
            f"{MODEL} has the {role} {got}, the manifest says {wanted}: export the bundle again"
        )
