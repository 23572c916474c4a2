"""TensorRT 11 on an NVIDIA GPU (extra `tensorrt`).

The network is strongly typed: the graph says every precision, the builder chooses none. A frame is
one CUDA graph: copy in, compute, copy out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from realtime.backends import check_frame
from realtime.backends.cuda import Cuda
from realtime.backends.engine_cache import ENGINES, EngineKey, load_or_build
from realtime.bundle import Bundle
from realtime.errors import BackendError, BackendMissing
from realtime.manifest import MODEL

_NEEDED = 11
"""The major version: 10 has no strongly typed network by default, and other names."""
_HALF_AND_LESS = {"float32": set(), "float16": {"HALF"}, "int8": {"INT8"}}
"""The manifest's precision -> the types below float32 that the network must have, and no others."""


def import_tensorrt() -> Any:
    """The module. Raises `BackendMissing`."""
    try:
        import tensorrt
    # A library of NVIDIA's that is missing is an OSError, or an ImportError.
    except (ImportError, OSError) as error:
        raise BackendMissing(
            f"--backend tensorrt: {error}: pip install 'headset-avatar[tensorrt]'"
        ) from error
    if int(tensorrt.__version__.split(".")[0]) < _NEEDED:
        raise BackendMissing(
            f"--backend tensorrt: TensorRT {tensorrt.__version__} is installed, {_NEEDED} or newer "
            "is needed: pip install 'headset-avatar[tensorrt]'"
        )
    return tensorrt


class TensorRt:
    """See `realtime.backends.Backend`."""

    name = "tensorrt-cuda"
    trial_ms: Mapping[str, float] | None = None

    def __init__(
        self,
        bundle: Bundle,
        on_event: Callable[[str], None],
        trt: Any = None,
        cuda: Cuda | None = None,
    ) -> None:
        """`trt` and `cuda` are the libraries; None imports them. Raises `BackendError`."""
        self._trt = import_tensorrt() if trt is None else trt
        self._cuda = Cuda() if cuda is None else cuda
        self._bundle = bundle
        self._logger = self._trt.Logger(self._trt.Logger.ERROR)
        try:
            self._engine = self._open_engine(on_event)
            self._check_tensors()
            self._launch = self._prepare()
        except BaseException:
            self._cuda.close()
            raise

    def run(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """uint8[1, H, W, 3] RGB -> uint8[1, h, w, 3] RGB. Raises `BackendError`."""
        check_frame(frame, self._bundle)
        np.copyto(self._host_in, frame)
        self._launch()
        self._cuda.synchronize()
        return self._host_out.copy()

    def close(self) -> None:
        """Free the GPU's memory."""
        del self._context, self._engine
        self._cuda.close()

    def _open_engine(self, on_event: Callable[[str], None]) -> Any:
        key = EngineKey.of(
            self._bundle,
            gpu=self._cuda.gpu,
            tensorrt=self._trt.__version__,
            driver=self._cuda.driver,
        )
        runtime = self._trt.Runtime(self._logger)
        engine = load_or_build(
            self._bundle.path / ENGINES,
            key,
            load=runtime.deserialize_cuda_engine,
            build=lambda: build_plan(self._trt, self._logger, self._bundle),
            on_event=on_event,
        )
        if engine is None:
            raise BackendError(
                f"TensorRT {self._trt.__version__} cannot load the engine that it built: use "
                "--backend onnxruntime"
            )
        self._runtime = runtime  # must outlive the engine
        return engine

    def _check_tensors(self) -> None:
        """By name: an engine may list its tensors in any order."""
        engine, manifest = self._engine, self._bundle.manifest
        names = {engine.get_tensor_name(i) for i in range(engine.num_io_tensors)}
        if names != {manifest.input.name, manifest.output.name}:
            raise BackendError(
                f"{MODEL} has the tensors {', '.join(sorted(names))}, the manifest says "
                f"{manifest.input.name} and {manifest.output.name}: export the bundle again"
            )
        modes = self._trt.TensorIOMode
        for mode, asked in ((modes.INPUT, manifest.input), (modes.OUTPUT, manifest.output)):
            shape = tuple(engine.get_tensor_shape(asked.name))
            dtype = engine.get_tensor_dtype(asked.name)
            if (engine.get_tensor_mode(asked.name), dtype, shape) != (
                mode,
                self._trt.DataType.UINT8,
                asked.shape,
            ):
                raise BackendError(
                    f"{MODEL} has {asked.name} as {dtype}{list(shape)}, the manifest says "
                    f"{asked.dtype}{list(asked.shape)}: export the bundle again"
                )

    def _prepare(self) -> Callable[[], None]:
        """Bind the buffers and record a frame's work; the result enqueues it."""
        cuda, manifest = self._cuda, self._bundle.manifest
        self._host_in = cuda.pinned(manifest.input.shape)
        self._host_out = cuda.pinned(manifest.output.shape)
        device_in = cuda.device(self._host_in.nbytes)
        device_out = cuda.device(self._host_out.nbytes)
        self._context = self._engine.create_execution_context()
        for tensor, address in ((manifest.input, device_in), (manifest.output, device_out)):
            if not self._context.set_tensor_address(tensor.name, address):
                raise BackendError(f"TensorRT does not take a buffer for {tensor.name}")

        def enqueue() -> None:
            cuda.upload(device_in, self._host_in)
            if not self._context.execute_async_v3(int(cuda.stream)):
                raise BackendError("TensorRT cannot run the engine: use --backend onnxruntime")
            cuda.download(self._host_out, device_out)

        # The first run allocates and sets up, which a graph must not record.
        enqueue()
        cuda.synchronize()
        return cuda.record(enqueue)


def build_plan(trt: Any, logger: Any, bundle: Bundle) -> bytes:
    """The engine of the bundle's graph as bytes. Raises `BackendError`."""
    builder = trt.Builder(logger)
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(bundle.model):
        said = "; ".join(str(parser.get_error(i)) for i in range(parser.num_errors))
        raise BackendError(
            f"TensorRT {trt.__version__} cannot read {bundle.path / MODEL}: "
            f"{' '.join(said.split())[:300]}: use --backend onnxruntime"
        )
    check_precision(network, bundle)
    config = builder.create_builder_config()
    # TF32 rounds to 10 bits, which moves pictures by several levels.
    config.clear_flag(trt.BuilderFlag.TF32)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise BackendError(
            f"TensorRT {trt.__version__} cannot build an engine of {bundle.path / MODEL}: use "
            "--backend onnxruntime"
        )
    return bytes(plan)


def check_precision(network: Any, bundle: Bundle) -> None:
    """Raises `BackendError` unless the network computes in the manifest's precision."""
    layers = [network.get_layer(i) for i in range(network.num_layers)]
    types = {layer.get_output(0).dtype.name for layer in layers}
    got = types & {"HALF", "BF16", "INT8", "FP8"}
    asked = _HALF_AND_LESS.get(bundle.manifest.precision)
    if asked is not None and got != asked:
        raise BackendError(
            f"{MODEL} computes in {', '.join(sorted(got | {'FLOAT'}))}, the manifest says "
            f"{bundle.manifest.precision}: export the bundle again"
        )
