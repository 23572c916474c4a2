"""TensorRT: what is checked before a frame is computed, without a GPU; and frames, with one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from realtime.backends import check_golden, open_backend
from realtime.backends.cuda import Cuda
from realtime.backends.tensor_rt import TensorRt, build_plan, check_precision
from realtime.bundle import Bundle
from realtime.errors import BackendError, BackendMissing
from realtime.manifest import MANIFEST


def gpu_is_missing() -> str:
    """Why there is no GPU to test on; empty if there is one."""
    try:
        import tensorrt  # noqa: F401

        Cuda().close()
    except (ImportError, BackendMissing) as error:
        return str(error)
    return ""


NO_GPU = gpu_is_missing()


class Memory:
    """`Cuda` on the host: the same calls, an address is a number of an array."""

    gpu, driver, stream = "a test", "1", 7

    def __init__(self) -> None:
        self.arrays: list[np.ndarray] = []
        self.closed = False

    def pinned(self, shape: tuple[int, ...]) -> np.ndarray:
        return np.zeros(shape, np.uint8)

    def device(self, count: int) -> int:
        self.arrays.append(np.zeros(count, np.uint8))
        return len(self.arrays) - 1

    def upload(self, device: int, host: np.ndarray) -> None:
        self.arrays[device][:] = host.ravel()

    def download(self, host: np.ndarray, device: int) -> None:
        host.ravel()[:] = self.arrays[device]

    def synchronize(self) -> None:
        pass

    def record(self, enqueue: Callable[[], None]) -> Callable[[], None]:
        return enqueue

    def close(self) -> None:
        self.closed = True


class Engine:
    """An engine that inverts, and lists its output before its input."""

    shape = (1, 64, 64, 3)
    names = ("avatar", "frame")

    def __init__(self, memory: Memory) -> None:
        self.memory, self.num_io_tensors = memory, len(self.names)
        self.addresses: dict[str, int] = {}

    def get_tensor_name(self, index: int) -> str:
        return self.names[index]

    def get_tensor_mode(self, name: str) -> str:
        return {"frame": "in", "avatar": "out"}[name]

    def get_tensor_dtype(self, name: str) -> str:
        return "uint8"

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return self.shape

    def create_execution_context(self) -> Engine:
        return self

    def set_tensor_address(self, name: str, address: int) -> bool:
        self.addresses[name] = address
        return True

    def execute_async_v3(self, stream: int) -> bool:
        arrays = self.memory.arrays
        arrays[self.addresses["avatar"]][:] = 255 - arrays[self.addresses["frame"]]
        return stream == self.memory.stream


def library(engine: Engine | None, *, parses: bool = True, builds: bool = True) -> Any:
    """The part of the module `tensorrt` that we use; every plan is `engine`."""
    parser = SimpleNamespace(
        parse=lambda model: parses, num_errors=1, get_error=lambda i: "no such operator"
    )
    builder = SimpleNamespace(
        create_network=lambda flags: SimpleNamespace(num_layers=0),
        create_builder_config=lambda: SimpleNamespace(clear_flag=lambda flag: None),
        build_serialized_network=lambda network, config: b"plan" if builds else None,
    )
    return SimpleNamespace(
        __version__="11.0",
        Logger=type("Logger", (), {"ERROR": 0, "__init__": lambda self, level: None}),
        Runtime=lambda logger: SimpleNamespace(deserialize_cuda_engine=lambda plan: engine),
        Builder=lambda logger: builder,
        OnnxParser=lambda network, logger: parser,
        NetworkDefinitionCreationFlag=SimpleNamespace(STRONGLY_TYPED=0),
        BuilderFlag=SimpleNamespace(TF32=0),
        TensorIOMode=SimpleNamespace(INPUT="in", OUTPUT="out"),
        DataType=SimpleNamespace(UINT8="uint8"),
    )


def open_with(bundle: Bundle, memory: Memory, engine: Engine | None) -> TensorRt:
    return TensorRt(bundle, lambda line: None, library(engine), memory)  # type: ignore[arg-type]


def test_tensors_are_bound_by_name_whatever_their_order(tiny_bundle: Path) -> None:
    bundle, memory = Bundle.load(tiny_bundle), Memory()
    backend = open_with(bundle, memory, Engine(memory))
    check_golden(backend, bundle)
    first = backend.run(bundle.golden[0].input)
    backend.run(bundle.golden[1].input)
    np.testing.assert_array_equal(first, bundle.golden[0].output)
    with pytest.raises(BackendError, match=r"takes uint8\[1, 64, 64, 3\]"):
        backend.run(np.zeros((1, 1, 1, 3), np.uint8))
    backend.close()
    assert memory.closed


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("names", ("frame", "image"), "has the tensors frame, image"),
        ("shape", (1, 32, 32, 3), "frame as uint8"),
    ],
)
def test_an_engine_of_another_model_is_refused(
    tiny_bundle: Path, field: str, value: object, message: str
) -> None:
    memory = Memory()
    engine = Engine(memory)
    setattr(engine, field, value)
    with pytest.raises(BackendError, match=message):
        open_with(Bundle.load(tiny_bundle), memory, engine)
    assert memory.closed


@pytest.mark.parametrize(
    ("outcome", "message"),
    [({"parses": False}, "cannot read .*no such operator"), ({"builds": False}, "cannot build")],
)
def test_what_cannot_be_built_is_one_line(
    tiny_bundle: Path, outcome: dict[str, bool], message: str
) -> None:
    with pytest.raises(BackendError, match=message) as caught:
        build_plan(library(None, **outcome), None, Bundle.load(tiny_bundle))
    assert "\n" not in str(caught.value)


def network_of(*types: str) -> Any:
    layers = [
        SimpleNamespace(get_output=lambda _, t=t: SimpleNamespace(dtype=SimpleNamespace(name=t)))
        for t in types
    ]
    return SimpleNamespace(num_layers=len(layers), get_layer=layers.__getitem__)


@pytest.mark.parametrize(
    ("precision", "types", "fits"),
    [
        ("float32", ("FLOAT", "UINT8"), True),
        ("float32", ("FLOAT", "HALF"), False),
        ("float16", ("FLOAT", "HALF"), True),
        ("float16", ("FLOAT",), False),
        ("int8", ("FLOAT", "INT8"), True),
        ("int8", ("FLOAT", "HALF"), False),
    ],
)
def test_the_network_must_compute_in_the_manifests_precision(
    tiny_bundle: Path, precision: str, types: tuple[str, ...], fits: bool
) -> None:
    content = json.loads((tiny_bundle / MANIFEST).read_text())
    (tiny_bundle / MANIFEST).write_text(json.dumps({**content, "precision": precision}))
    bundle = Bundle.load(tiny_bundle)
    if fits:
        check_precision(network_of(*types), bundle)
    else:
        with pytest.raises(BackendError, match=f"the manifest says {precision}"):
            check_precision(network_of(*types), bundle)


@pytest.mark.skipif(not NO_GPU, reason="set HEADSET_AVATAR_NO_GPU: TensorRT works here")
def test_missing_libraries_are_named(tiny_bundle: Path) -> None:
    with pytest.raises(BackendMissing, match="--backend tensorrt: "):
        open_backend("tensorrt", Bundle.load(tiny_bundle))


@pytest.mark.gpu
@pytest.mark.skipif(bool(NO_GPU), reason=f"no NVIDIA GPU with TensorRT: {NO_GPU}")
def test_a_gpu_reproduces_the_golden_pairs_of_the_demo_from_a_new_and_a_cached_engine() -> None:
    bundle = Bundle.load(Path(__file__).parents[3] / "models" / "demo")
    said: list[str] = []
    open_backend("tensorrt", bundle, said.append).close()
    said.clear()
    open_backend("tensorrt", bundle, said.append).close()
    assert said == []
