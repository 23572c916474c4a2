"""OpenVINO on the CPU (extra `openvino`)."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from realtime.backends import check_frame
from realtime.backends.threads import default_threads
from realtime.bundle import Bundle
from realtime.errors import BackendError, BackendMissing, one_line
from realtime.manifest import MODEL


class OpenVino:
    """See `realtime.backends.Backend`."""

    trial_ms: Mapping[str, float] | None = None

    def __init__(self, bundle: Bundle, threads: int | None = None, *, bf16: bool = False) -> None:
        """`threads` for one frame; None chooses. `bf16` computes in bfloat16, where the processor
        can. Raises `BackendError`."""
        self.name = "openvino-cpu-bf16" if bf16 else "openvino-cpu"
        core, version = _core()
        settings = {
            "INFERENCE_NUM_THREADS": threads or default_threads(),
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
            # Left alone it computes in bfloat16 where the processor can, which moves pictures by
            # several levels: that is for the user to say, not for the machine.
            "INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32",
        }
        try:
            if bf16 and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
                raise BackendMissing(
                    "--backend openvino:bf16: this processor does not compute in bfloat16: use "
                    "--backend openvino"
                )
            model = core.read_model(bundle.model)
            self._request = core.compile_model(model, "CPU", settings).create_infer_request()
            _check_tensors(model, bundle)
        # The runtime's exceptions are RuntimeErrors, and others for some graphs.
        except BackendError:
            raise
        except Exception as error:
            raise BackendError(
                f"OpenVINO {version} cannot load {bundle.path / MODEL}: "
                f"{one_line(error)}: upgrade openvino, or use --backend onnxruntime"
            ) from error
        self._bundle = bundle
        self._input, self._output = bundle.manifest.input.name, bundle.manifest.output.name

    def run(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """uint8[1, H, W, 3] RGB -> uint8[1, h, w, 3] RGB. Raises `BackendError`."""
        check_frame(frame, self._bundle)
        try:
            self._request.infer({self._input: frame}, share_inputs=True)
            # The request writes its next answer over this one.
            return np.array(self._request.get_tensor(self._output).data, np.uint8)
        except Exception as error:
            raise BackendError(f"OpenVINO failed on a frame: {one_line(error)}") from error

    def close(self) -> None:
        """The request frees its memory when it is collected; nothing else is held."""


@cache
def _core() -> tuple[Any, str]:
    """OpenVINO's core and version. Raises `BackendMissing`.

    One core for all models of the process: each has a signal stack of its own put up, and when two
    go in the order in which they came, the older one's is put up again after it was freed; the next
    signal, such as Ctrl-C, is then a crash.
    """
    # To import openvino tells its makers so over the network, from a forked copy of this process in
    # which other threads' locks stay locked. Without this module it is silent.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    try:
        openvino: Any = import_module("openvino")
    except ImportError as error:
        raise BackendMissing(
            f"--backend openvino: {error}: pip install 'headset-avatar[openvino]'"
        ) from error
    return openvino.Core(), openvino.__version__


def _check_tensors(model: object, bundle: Bundle) -> None:
    for role, asked in (("input", bundle.manifest.input), ("output", bundle.manifest.output)):
        (port,) = getattr(model, f"{role}s")
        got = (port.get_any_name(), port.get_element_type().get_type_name(), list(port.shape))
        if got != (asked.name, "u8", list(asked.shape)):
            raise BackendError(
                f"{MODEL} has the {role} {got}, the manifest says {asked.name} "
                f"{asked.dtype}{list(asked.shape)}: export the bundle again"
            )
