"""`trials`: what is measured, in which order."""

from __future__ import annotations

from dataclasses import replace

from realtime.bench.config import BenchConfig
from realtime.bench.peers import MODULES, missing
from realtime.bench.task import PictureCodec, System, Task

_OURS: tuple[tuple[System, PictureCodec], ...] = (
    ("headset-avatar", "raw"),
    ("headset-avatar", "jpeg"),
)
_PEERS: tuple[tuple[System, PictureCodec], ...] = (
    ("imagezmq", "raw"),
    ("imagezmq", "jpeg"),
    ("imagezmq-opencv", "jpeg"),
    ("netgear", "jpeg"),
)


def trials(config: BenchConfig) -> list[Task]:
    """The loop at each rate and as fast as it goes, without a model and with one; then peers."""
    base = Task(
        system="headset-avatar",
        model="identity",
        bundle=str(config.bundle),
        backend=config.backend,
        rate_fps=None,
        client_ms=0.0,
        codec="raw",
        quality=config.quality,
        epoch_us=0,
    )
    rates = (*config.rates, None)
    ours = [
        replace(base, model=model, rate_fps=rate)
        for model in ("identity", "bundle")
        for rate in rates
    ]
    return ours + (_beside_peers(base, config) if config.peers else [])


def absent_peers() -> list[str]:
    """What --peers cannot measure, by the name to install."""
    return list(dict.fromkeys(module for system, module in MODULES.items() if missing(system)))


def _beside_peers(base: Task, config: BenchConfig) -> list[Task]:
    """One after the other at one rate, so that a machine's mood is about the same for all."""
    rate = sorted(config.rates)[len(config.rates) // 2]
    here = [(system, codec) for system, codec in _PEERS if not missing(system)]
    return [
        replace(base, system=system, codec=codec, rate_fps=rate, client_ms=client_ms)
        for client_ms in (0.0, config.slow_ms)
        for system, codec in (*_OURS, *here)
    ]
