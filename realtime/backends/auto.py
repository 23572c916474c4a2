"""`open_best`: TensorRT where it works, else the CPU runtime that a short trial finds fastest."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from statistics import median

from realtime.backends import ROUNDING, Backend, BackendName, open_backend
from realtime.bundle import Bundle
from realtime.errors import BackendError, BackendMissing

ON_A_CPU: tuple[BackendName, ...] = ("onnxruntime", "openvino", "openvino:bf16")
"""The candidates of the trial; the first one is always installed."""

_ROUNDS, _FRAMES = 5, 4
"""The runtimes take turns, so that a burst of other work on this machine hits them alike."""
_TRIAL_S = 1.0
"""No round starts after this: a slow model must not hold up the start for a minute."""


def open_best(bundle: Bundle, on_event: Callable[[str], None]) -> Backend:
    """Raises `BackendError` if none works. What was taken and why goes to `on_event`; so does what
    is installed and does not work."""
    try:
        backend = open_backend("tensorrt", bundle, on_event)
    except BackendMissing:
        pass
    except BackendError as error:
        on_event(f"--backend auto: not tensorrt: {error}")
    else:
        on_event(f"--backend auto: {backend.name}, the fastest where it works")
        return backend
    return _fastest(_open_all(bundle, on_event), bundle, on_event)


def _open_all(bundle: Bundle, on_event: Callable[[str], None]) -> list[Backend]:
    """The installed candidates, warm and checked. Raises the last error if there are none."""
    opened: list[Backend] = []
    failure: BackendError | None = None
    for name in ON_A_CPU:
        if name in ROUNDING and not opened:
            continue  # no exact one reproduces the golden pairs: a looser check proves nothing
        try:
            opened.append(open_backend(name, bundle))
        except BackendMissing:
            continue
        except BackendError as error:
            failure = error
            on_event(f"--backend auto: not {name}: {error}")
    if not opened:
        raise failure or BackendMissing(f"none of {', '.join(ON_A_CPU)} is installed")
    return opened


def _fastest(candidates: list[Backend], bundle: Bundle, on_event: Callable[[str], None]) -> Backend:
    """The one with the smallest median time for a frame, and with all of these times in its
    `trial_ms`; the others are closed."""
    if len(candidates) == 1:  # no choice was made, and the launcher says what runs
        return candidates[0]
    frame = bundle.golden[0].input
    times_ms: list[list[float]] = [[] for _ in candidates]
    with ExitStack() as losers:
        for backend in candidates:
            losers.callback(backend.close)
        started_s = time.perf_counter()
        for _ in range(_ROUNDS):
            if times_ms[0] and time.perf_counter() - started_s > _TRIAL_S:
                break
            for backend, measured in zip(candidates, times_ms, strict=True):
                for _ in range(_FRAMES):
                    start = time.perf_counter()
                    backend.run(frame)
                    measured.append((time.perf_counter() - start) * 1000)
        medians = [median(measured) for measured in times_ms]
        best = candidates[medians.index(min(medians))]
        losers.pop_all()
    for backend in candidates:
        if backend is not best:
            backend.close()
    names = [backend.name for backend in candidates]
    best.trial_ms = {n: round(ms, 3) for n, ms in zip(names, medians, strict=True)}
    figures = ", ".join(f"{name} {ms:.1f} ms" for name, ms in best.trial_ms.items())
    on_event(f"--backend auto: {best.name}, the fastest in a trial: {figures}")
    return best
