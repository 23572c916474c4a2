"""ONNX Runtime, for real, on a model that inverts; and what stops it before the first frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from realtime.backends import open_backend
from realtime.backends.onnx_runtime import OnnxRuntime
from realtime.backends.threads import default_threads
from realtime.bundle import Bundle, GoldenPair, save_golden
from realtime.errors import BackendError, BackendMissing
from realtime.manifest import MANIFEST, MODEL
from tests.conftest import write_tiny_manifest


def test_it_computes_the_model(tiny_bundle: Path) -> None:
    backend = open_backend("onnxruntime", Bundle.load(tiny_bundle))
    image = np.random.default_rng(7).integers(0, 256, (1, 64, 64, 3), np.uint8)
    image.flags.writeable = False
    np.testing.assert_array_equal(backend.run(image), 255 - image)
    assert backend.name == "onnxruntime-cpu"
    backend.close()


def test_a_golden_pair_that_is_not_reproduced_stops_it(tiny_bundle: Path) -> None:
    pairs = list(Bundle.load(tiny_bundle).golden)
    wrong = pairs[1].output.copy()
    wrong[0, 5, 6, 0] ^= 128
    pairs[1] = GoldenPair(input=pairs[1].input, output=wrong)
    save_golden(tiny_bundle, tuple(pairs))
    write_tiny_manifest(tiny_bundle)
    with pytest.raises(BackendError, match="golden pair 1 is off by up to 128 of 255 levels"):
        open_backend("auto", Bundle.load(tiny_bundle))


def test_a_difference_within_the_tolerance_is_allowed(tiny_bundle: Path) -> None:
    pairs = [
        GoldenPair(input=pair.input, output=pair.output ^ 1)
        for pair in Bundle.load(tiny_bundle).golden
    ]
    save_golden(tiny_bundle, tuple(pairs))
    write_tiny_manifest(tiny_bundle)
    manifest = (tiny_bundle / MANIFEST).read_text()
    (tiny_bundle / MANIFEST).write_text(
        manifest.replace('"max_abs": 0.0', '"max_abs": 1').replace(
            '"mean_abs": 0.0', '"mean_abs": 1'
        )
    )
    open_backend("auto", Bundle.load(tiny_bundle)).close()


def test_bytes_that_are_no_model_are_refused_in_one_line(tiny_bundle: Path) -> None:
    (tiny_bundle / MODEL).write_bytes(b"not a model")
    write_tiny_manifest(tiny_bundle)
    with pytest.raises(BackendError, match=r"cannot load .*model\.onnx") as caught:
        OnnxRuntime(Bundle.load(tiny_bundle))
    assert "\n" not in str(caught.value)


def test_a_model_that_is_not_what_the_manifest_says_is_refused(tiny_bundle: Path) -> None:
    manifest = (tiny_bundle / MANIFEST).read_text()
    (tiny_bundle / MANIFEST).write_text(manifest.replace('"avatar"', '"picture"'))
    with pytest.raises(BackendError, match=r"output avatar .* says picture tensor\(uint8\)"):
        OnnxRuntime(Bundle.load(tiny_bundle))


def test_a_frame_of_another_shape_is_an_error_of_the_backend(tiny_bundle: Path) -> None:
    backend = OnnxRuntime(Bundle.load(tiny_bundle))
    with pytest.raises(BackendError, match="failed on a frame"):
        backend.run(np.zeros((1, 32, 32, 3), np.uint8))


def test_threads_leave_room_for_the_rest_of_the_program() -> None:
    assert 1 <= default_threads() <= 4


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("onnxruntime:cuda", "onnxruntime-gpu"),
        ("onnxruntime:directml", "onnxruntime-directml"),
        ("onnxruntime:openvino", "onnxruntime-openvino"),
    ],
)
def test_a_provider_that_is_not_there_is_named_with_those_that_are(
    tiny_bundle: Path, name: str, package: str
) -> None:
    installed = onnxruntime.get_available_providers()
    if name.partition(":")[2] in str(installed).lower():
        pytest.skip("no NVIDIA GPU is missing here: this ONNX Runtime has the provider")
    with pytest.raises(BackendMissing, match=f"only .*CPUExecutionProvider.*{package}"):
        open_backend(name, Bundle.load(tiny_bundle))


def test_a_provider_that_does_not_start_is_an_error_and_not_the_cpu(
    tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with onnxruntime-gpu where CUDA's libraries are missing: the session goes on without."""
    module = "realtime.backends.onnx_runtime"
    everything = [*onnxruntime.get_available_providers(), "CUDAExecutionProvider"]
    monkeypatch.setattr(f"{module}.get_available_providers", lambda: everything)
    session = onnxruntime.InferenceSession
    monkeypatch.setattr(
        f"{module}.InferenceSession",
        lambda model, options, **_: session(model, options, providers=["CPUExecutionProvider"]),
    )
    with pytest.raises(BackendMissing, match="CUDAExecutionProvider did not start"):
        open_backend("onnxruntime:cuda", Bundle.load(tiny_bundle))
