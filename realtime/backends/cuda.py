"""The few calls of the CUDA runtime that a backend needs, over NVIDIA's own `cuda-bindings`."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import numpy as np
from numpy.typing import NDArray

from realtime.errors import BackendError, BackendMissing


class Cuda:
    """The first GPU: one stream, the memory and graphs made by it. `close` frees all."""

    def __init__(self) -> None:
        """Raises `BackendMissing` without the bindings or without a GPU that they can use."""
        try:
            from cuda.bindings import runtime  # type: ignore[attr-defined]
        except ImportError as error:
            raise BackendMissing(
                f"--backend tensorrt: {error}: pip install 'headset-avatar[tensorrt]'"
            ) from error
        self._cuda: Any = runtime
        status, count = runtime.cudaGetDeviceCount()
        if status != runtime.cudaError_t.cudaSuccess or not count:
            raise BackendMissing(
                f"--backend tensorrt: no NVIDIA GPU that CUDA can use ({status.name}): install "
                "NVIDIA's driver, or use --backend onnxruntime"
            )
        self._opened = ExitStack()
        self.stream = self._call("cudaStreamCreateWithFlags", runtime.cudaStreamNonBlocking)
        self._opened.callback(self._call, "cudaStreamDestroy", self.stream)

    @property
    def gpu(self) -> str:
        """Its name and architecture: "NVIDIA H100 80GB HBM3 sm90"."""
        properties = self._call("cudaGetDeviceProperties", 0)
        return f"{properties.name.decode()} sm{properties.major}{properties.minor}"

    @property
    def driver(self) -> str:
        """The version of CUDA that the driver speaks, such as "13000"."""
        return str(self._call("cudaDriverGetVersion"))

    def pinned(self, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        """uint8 memory of the host that the GPU copies from and to without a detour; until
        `close`."""
        count = int(np.prod(shape))
        address = int(self._call("cudaMallocHost", count))
        self._opened.callback(self._call, "cudaFreeHost", address)
        return np.ctypeslib.as_array((ctypes.c_uint8 * count).from_address(address)).reshape(shape)

    def device(self, count: int) -> int:
        """The address of `count` bytes on the GPU; until `close`."""
        address = int(self._call("cudaMalloc", count))
        self._opened.callback(self._call, "cudaFree", address)
        return address

    def upload(self, device: int, host: NDArray[np.uint8]) -> None:
        """Enqueue a copy to the GPU."""
        kind = self._cuda.cudaMemcpyKind.cudaMemcpyHostToDevice
        self._call("cudaMemcpyAsync", device, host.ctypes.data, host.nbytes, kind, self.stream)

    def download(self, host: NDArray[np.uint8], device: int) -> None:
        """Enqueue a copy from the GPU."""
        kind = self._cuda.cudaMemcpyKind.cudaMemcpyDeviceToHost
        self._call("cudaMemcpyAsync", host.ctypes.data, device, host.nbytes, kind, self.stream)

    def synchronize(self) -> None:
        """Wait until the stream has done everything."""
        self._call("cudaStreamSynchronize", self.stream)

    def record(self, enqueue: Callable[[], None]) -> Callable[[], None]:
        """What `enqueue` puts on the stream as one CUDA graph; the result launches it."""
        mode = self._cuda.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        self._call("cudaStreamBeginCapture", self.stream, mode)
        try:
            enqueue()
        finally:
            graph = self._call("cudaStreamEndCapture", self.stream)
        executable = self._call("cudaGraphInstantiate", graph, 0)
        self._call("cudaGraphDestroy", graph)
        self._opened.callback(self._call, "cudaGraphExecDestroy", executable)
        return lambda: self._call("cudaGraphLaunch", executable, self.stream)

    def close(self) -> None:
        """Free everything, the newest first."""
        self._opened.close()

    def _call(self, name: str, *arguments: object) -> Any:
        """The call's result, if it has one. Raises `BackendError`."""
        error, *result = getattr(self._cuda, name)(*arguments)
        if error != self._cuda.cudaError_t.cudaSuccess:
            raise BackendError(f"{name} failed: {error.name}: try --backend onnxruntime")
        return result[0] if result else None
