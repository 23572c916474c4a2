"""`measure`: bundles x backends in turns, and in each turn PyTorch and the matmul peak."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import get_args

import numpy as np
import torch
from numpy.typing import NDArray

from export.bench.config import BenchConfig
from export.bench.untrained import METHOD, untrained
from export.errors import ExportError
from export.graph import BytesToBytes, giga_macs
from realtime.backends import Backend, BackendName, open_backend
from realtime.backends.threads import default_threads
from realtime.bundle import Bundle
from realtime.errors import BackendError, BackendMissing
from realtime.parity import compare
from train.config import NetworkConfig
from train.networks import build_content

MATMUL_SIZE = 1024
_UNTIMED = 2
"""Frames at the start of a backend's turn: PyTorch has just emptied the caches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One bundle on one backend."""

    bundle: str
    precision: str
    backend: str
    gmac: float | None
    """Of a frame, 10^9 multiply-adds; None: the manifest does not say."""
    psnr_db: float | None
    """To the reference; None: identical."""
    times_ms: list[float] = field(default_factory=list)
    """One for each timed frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What `measure` found."""

    rows: list[Row]
    absent: dict[str, str]
    """Backend, and bundle if it is one that it does not run -> why."""
    reference: str
    """What `psnr_db` compares with."""
    threads: int
    eager_ms: list[float]
    eager_gmac: float
    matmul_gflop_per_s: list[float]
    """The fastest of each turn; a multiply-add is two operations."""


def measure(config: BenchConfig, advance: Callable[[], None]) -> Figures:
    """Calls `advance` after each turn. Raises `ExportError`, `RealtimeError`."""
    bundles = [Bundle.load(path) for path in config.bundles]
    size_px = _common_size(bundles) if bundles else config.size
    bundles += [untrained(asked, size_px) for asked in config.untrained]
    reference = next((b for b in bundles if b.manifest.precision == "float32"), bundles[0])
    threads = config.threads or default_threads()
    torch.set_num_threads(threads)
    content = build_content(NetworkConfig(family=config.network, size=size_px)).eval()
    with ExitStack() as opened:
        runners, absent = _open_all(bundles, reference, opened)
        if not runners:
            raise ExportError(f"no backend runs here: {absent}")
        figures = Figures(
            rows=[row for row, _ in runners],
            absent=absent,
            reference=_reference(reference),
            threads=threads,
            eager_ms=[],
            eager_gmac=giga_macs(content, size_px),
            matmul_gflop_per_s=[],
        )
        eager = BytesToBytes(content)
        for _ in range(config.measured_turns):
            _turn(figures, runners, eager, reference.golden[0].input, config.frames)
            advance()
    return figures


def _reference(bundle: Bundle) -> str:
    if bundle.manifest.method == METHOD:
        return "PyTorch, on noise"
    return f"PyTorch, on the golden pictures of {bundle.id}"


def _common_size(bundles: list[Bundle]) -> int:
    """Width and height of the input, of which PyTorch's network takes squares only."""
    shapes = {bundle.manifest.input.shape for bundle in bundles}
    if len(shapes) > 1:
        raise ExportError(f"bundles of several input sizes, {sorted(shapes)}: give those of one")
    _, height, width, _ = shapes.pop()
    if height != width:
        raise ExportError(f"an input of {width}x{height}: the networks to compare with are square")
    return height


def _open_all(
    bundles: list[Bundle], reference: Bundle, opened: ExitStack
) -> tuple[list[tuple[Row, Backend]], dict[str, str]]:
    """Every backend that can be asked for, on every bundle; and why others cannot."""
    runners: list[tuple[Row, Backend]] = []
    absent: dict[str, str] = {}
    names: tuple[BackendName, ...] = get_args(BackendName)
    for name in names:
        if name == "auto":
            continue
        for bundle in bundles:
            try:
                backend = open_backend(name, bundle)
            except BackendMissing as error:
                absent[name] = str(error)
                break
            except BackendError as error:
                absent[f"{name}, {bundle.id}"] = str(error)
                continue
            opened.callback(backend.close)
            runners.append((_row(bundle, backend, reference), backend))
    return runners, absent


def _row(bundle: Bundle, backend: Backend, reference: Bundle) -> Row:
    golden = (bundle if bundle.manifest.method == METHOD else reference).golden
    got = np.concatenate([backend.run(pair.input).copy() for pair in golden])
    parity = compare(got, np.concatenate([pair.output for pair in golden]))
    gmac = bundle.manifest.network.get("gmac")
    return Row(
        bundle=bundle.id,
        precision=bundle.manifest.precision,
        backend=backend.name,
        gmac=gmac if isinstance(gmac, float) else None,
        psnr_db=parity.psnr_db,
    )


@torch.inference_mode()
def _turn(
    figures: Figures,
    runners: list[tuple[Row, Backend]],
    eager: BytesToBytes,
    image: NDArray[np.uint8],
    frames: int,
) -> None:
    frame = torch.from_numpy(image)
    figures.eager_ms.append(_milliseconds(lambda: eager(frame)))
    a = torch.ones(MATMUL_SIZE, MATMUL_SIZE)
    fastest_ms = min(_milliseconds(lambda: a @ a) for _ in range(5))
    figures.matmul_gflop_per_s.append(2 * MATMUL_SIZE**3 / fastest_ms / 1e6)
    for row, backend in runners:
        times_ms = [_milliseconds(lambda: backend.run(image)) for _ in range(_UNTIMED + frames)]  # noqa: B023
        row.times_ms.extend(times_ms[_UNTIMED:])


def _milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000
