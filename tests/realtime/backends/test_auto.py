"""`--backend auto`: what works and is fastest, said out loud; what is broken is said too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from realtime.backends import auto, check_golden, open_backend
from realtime.backends.open_vino import OpenVino
from realtime.bundle import Bundle
from realtime.errors import BackendError, BackendMissing


class Imaginary:
    """255 - x after a wait that the test sets, in place of a runtime."""

    def __init__(self, name: str, delay_s: float) -> None:
        self.name, self.delay_s, self.closed = name, delay_s, False
        self.trial_ms: dict[str, float] | None = None

    def run(self, frame: np.ndarray) -> np.ndarray:
        auto.time.sleep(self.delay_s)
        return 255 - frame

    def close(self) -> None:
        self.closed = True


def test_the_fastest_one_wins_and_the_others_are_closed(
    tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, quick = Imaginary("slow-cpu", 0.02), Imaginary("quick-cpu", 0.0)
    monkeypatch.setattr(auto, "_open_all", lambda *_: [slow, quick])
    said: list[str] = []
    assert auto.open_best(Bundle.load(tiny_bundle), said.append) is quick
    assert (slow.closed, quick.closed) == (True, False)
    assert said[-1].startswith("--backend auto: quick-cpu, the fastest in a trial: slow-cpu 2")
    assert quick.trial_ms is not None
    assert quick.trial_ms.keys() == {"slow-cpu", "quick-cpu"}
    assert quick.trial_ms["slow-cpu"] >= max(20, quick.trial_ms["quick-cpu"])


def test_a_runtime_that_works_is_taken_for_real(tiny_bundle: Path) -> None:
    said: list[str] = []
    backend = open_backend("auto", Bundle.load(tiny_bundle), said.append)
    image = np.zeros((1, 64, 64, 3), np.uint8)
    np.testing.assert_array_equal(backend.run(image), 255 - image)
    assert backend.name in said[-1]
    backend.close()


def test_what_is_installed_and_broken_is_said_and_the_rest_goes_on(
    tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(name: str, *_: object) -> Imaginary:
        if name.startswith("openvino"):
            raise BackendMissing("not installed")
        if name == "tensorrt":
            raise BackendError("the engine is of stone")
        return Imaginary("onnxruntime-cpu", 0.0)

    monkeypatch.setattr(auto, "open_backend", opened)
    said: list[str] = []
    only = auto.open_best(Bundle.load(tiny_bundle), said.append)
    assert (only.name, only.trial_ms) == ("onnxruntime-cpu", None)
    assert said == [
        "--backend auto: not tensorrt: the engine is of stone",
    ]


def test_openvino_computes_the_model_and_gives_pictures_to_keep(tiny_bundle: Path) -> None:
    pytest.importorskip("openvino")
    backend = OpenVino(Bundle.load(tiny_bundle))
    first = np.random.default_rng(1).integers(0, 256, (1, 64, 64, 3), np.uint8)
    kept = backend.run(first)
    backend.run(np.zeros_like(first))
    np.testing.assert_array_equal(kept, 255 - first)
    with pytest.raises(BackendError, match=r"takes uint8\[1, 64, 64, 3\]"):
        backend.run(np.zeros((1, 1, 1, 3), np.uint8))


def test_what_rounds_is_bound_by_its_psnr_and_what_does_not_by_the_manifest(
    tiny_bundle: Path,
) -> None:
    class Off:
        """255 - x, off by so many levels: PSNR 34.2 dB for 5, 36.1 dB for 4."""

        def __init__(self, levels: int) -> None:
            self.name, self.levels = "off", levels

        def run(self, frame: np.ndarray) -> np.ndarray:
            right = 255 - frame
            return np.where(right < 128, right + self.levels, right - self.levels).astype(np.uint8)

        def close(self) -> None:
            pass

    bundle = Bundle.load(tiny_bundle)
    check_golden(Off(4), bundle, rounds=True)
    with pytest.raises(BackendError, match=r"PSNR 34\.2 dB \(allowed: PSNR 35 dB or more\)"):
        check_golden(Off(5), bundle, rounds=True)
    with pytest.raises(BackendError, match=r"off by up to 4 of 255 levels"):
        check_golden(Off(4), bundle)


def test_openvino_in_bfloat16_says_so_in_its_name_or_says_that_it_cannot() -> None:
    openvino = pytest.importorskip("openvino")
    bundle = Bundle.load(Path(__file__).parents[3] / "models" / "demo")
    if "BF16" not in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        with pytest.raises(BackendMissing, match="does not compute in bfloat16"):
            open_backend("openvino:bf16", bundle)
        return
    backend = open_backend("openvino:bf16", bundle)
    assert backend.name == "openvino-cpu-bf16"
    exact = open_backend("openvino", bundle)
    frame = bundle.golden[0].input
    assert not np.array_equal(backend.run(frame), exact.run(frame))  # it did round
    backend.close()
    exact.close()
