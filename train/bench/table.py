"""`bench`: measure, and show the figures."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import torch
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from train.bench import BenchConfig
from train.bench.measure import PARTS, Peak, Timing, measure
from train.evaluate.picture import write


def bench(config: BenchConfig) -> None:
    """Measure, print, write. Raises `TrainError`."""
    turns = config.warm_up + config.steps
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("steps of each method", total=turns)
        peak, timings = measure(config, lambda: bar.advance(task))
    Console().print(_table(config, peak, timings))
    if config.json:
        figures = json.dumps(_as_json(config, peak, timings), indent=2) + "\n"
        write(config.json, figures.encode())


def _table(config: BenchConfig, peak: Peak, timings: list[Timing]) -> Table:
    network = config.network
    table = Table(
        title=f"{network.family} at {network.size}x{network.size}, batch {config.batch}, "
        f"{config.precision}, {config.threads} thread(s)",
        caption=f"milliseconds: medians of {config.steps} steps; the peak is of the same minutes: "
        f"matmul {peak.matmul:.0f}, 3x3 convolution {peak.conv:.0f} GFLOP/s",
    )
    table.add_column("")
    for timing in timings:
        table.add_column(timing.method, justify="right")
    for part in (*PARTS, "rest"):
        table.add_row(part, *(f"{1000 * t.parts_s[part]:.1f}" for t in timings))
    table.add_section()
    table.add_row("step", *(f"{1000 * t.step_s:.1f}" for t in timings))
    table.add_row("GFLOP", *(f"{t.gflop:.2f}" for t in timings))
    table.add_row("GFLOP/s", *(f"{t.gflop_per_s:.1f}" for t in timings))
    table.add_row("of matmul's peak", *(f"{t.gflop_per_s / peak.matmul:.0%}" for t in timings))
    table.add_row("of convolution's", *(f"{t.gflop_per_s / peak.conv:.0%}" for t in timings))
    return table


def _as_json(config: BenchConfig, peak: Peak, timings: list[Timing]) -> dict[str, Any]:
    fields = asdict(config)
    fields.pop("json")
    return {
        "config": fields,
        "torch": torch.__version__,
        "peak_gflop_per_s": asdict(peak),
        "methods": [asdict(t) | {"gflop_per_s": t.gflop_per_s} for t in timings],
    }
