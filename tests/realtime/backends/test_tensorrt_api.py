"""The names of TensorRT and CUDA that we call exist in NVIDIA's real wheels. Needs no GPU.

TensorRT's bindings load only beside its libraries, which are gigabytes. Empty libraries with the
same entry points are enough to load them and look.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ENTRY_POINTS = [
    "createInferBuilder_INTERNAL",
    "createInferRefitter_INTERNAL",
    "createInferRuntime_INTERNAL",
    "createNvOnnxParserRefitter_INTERNAL",
    "createNvOnnxParser_INTERNAL",
    "getBuilderPluginRegistry",
    "getNvOnnxParserVersion",
    "getPluginRegistry",
    "initLibNvInferPlugins",
    "getInferLibVersion",
]

LOOK = """
import sys, warnings
warnings.simplefilter("ignore")
import tensorrt_bindings as trt
from functools import reduce
assert trt.__version__.startswith("11."), trt.__version__
for name in sys.argv[1:]:
    reduce(getattr, name.split("."), trt)
assert not hasattr(trt.BuilderFlag, "FP16") and not hasattr(trt, "IInt8Calibrator")
"""

TENSORRT = [
    "Logger.ERROR",
    "Runtime.deserialize_cuda_engine",
    "Builder.create_network",
    "Builder.create_builder_config",
    "Builder.build_serialized_network",
    "OnnxParser.parse",
    "OnnxParser.num_errors",
    "OnnxParser.get_error",
    "NetworkDefinitionCreationFlag.STRONGLY_TYPED",
    "BuilderFlag.TF32",
    "IBuilderConfig.clear_flag",
    "INetworkDefinition.num_layers",
    "INetworkDefinition.get_layer",
    "ILayer.get_output",
    "ITensor.dtype",
    "DataType.UINT8",
    "DataType.HALF",
    "DataType.INT8",
    "TensorIOMode.INPUT",
    "TensorIOMode.OUTPUT",
    "ICudaEngine.num_io_tensors",
    "ICudaEngine.get_tensor_name",
    "ICudaEngine.get_tensor_mode",
    "ICudaEngine.get_tensor_dtype",
    "ICudaEngine.get_tensor_shape",
    "ICudaEngine.create_execution_context",
    "IExecutionContext.set_tensor_address",
    "IExecutionContext.execute_async_v3",
]

CUDA = [
    "cudaGetDeviceCount",
    "cudaGetDeviceProperties",
    "cudaDriverGetVersion",
    "cudaStreamCreateWithFlags",
    "cudaStreamNonBlocking",
    "cudaStreamDestroy",
    "cudaStreamSynchronize",
    "cudaMallocHost",
    "cudaFreeHost",
    "cudaMalloc",
    "cudaFree",
    "cudaMemcpyAsync",
    "cudaMemcpyKind.cudaMemcpyHostToDevice",
    "cudaMemcpyKind.cudaMemcpyDeviceToHost",
    "cudaStreamBeginCapture",
    "cudaStreamEndCapture",
    "cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal",
    "cudaGraphInstantiate",
    "cudaGraphDestroy",
    "cudaGraphLaunch",
    "cudaGraphExecDestroy",
    "cudaError_t.cudaSuccess",
]


@pytest.mark.skipif(
    not (importlib.util.find_spec("tensorrt_bindings") and shutil.which("gcc")),
    reason="needs tensorrt-cu12-bindings and gcc",
)
def test_tensorrt_has_the_names(tmp_path: Path) -> None:
    source = tmp_path / "empty.c"
    source.write_text("\n".join(f"void *{name}(void) {{ return 0; }}" for name in ENTRY_POINTS))
    for library in ("nvinfer", "nvinfer_plugin", "nvonnxparser"):
        target = tmp_path / f"lib{library}.so.11"
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", target, source], check=True)
    done = subprocess.run(
        [sys.executable, "-c", LOOK, *TENSORRT],
        env={**os.environ, "LD_LIBRARY_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_cuda_has_the_names() -> None:
    pytest.importorskip("cuda.bindings", reason="needs cuda-bindings")
    from cuda.bindings import runtime

    for name in CUDA:
        part = runtime
        for step in name.split("."):
            part = getattr(part, step)
