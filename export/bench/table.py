"""The figures of `measure`, for a terminal and as JSON."""

from __future__ import annotations

from typing import Any

import numpy as np

from export.bench.config import BenchConfig
from export.bench.measure import Figures
from realtime.bench import machine
from realtime.bench.table import format_table, number

PACKAGES = ("headset-avatar", "torch", "onnxruntime", "openvino", "tensorrt", "numpy")
_HEADS = ("bundle", "precision", "backend", "p50", "p95", "PSNR", "x PyTorch", "limit", "of limit")


def as_json(config: BenchConfig, figures: Figures, load: dict[str, Any]) -> dict[str, Any]:
    """What the table shows, and what it was made of."""
    peak = max(figures.matmul_gflop_per_s)
    eager = _percentiles(figures.eager_ms)
    rows = []
    for row in figures.rows:
        times_ms = _percentiles(row.times_ms)
        limit_ms = None if row.gmac is None else 2000 * row.gmac / peak
        rows.append(
            {
                "bundle": row.bundle,
                "precision": row.precision,
                "backend": row.backend,
                "gmac": row.gmac,
                "frames": len(row.times_ms),
                **times_ms,
                "psnr_db": row.psnr_db,
                "times_faster_than_eager": eager["p50_ms"] / times_ms["p50_ms"],
                "limit_ms": limit_ms,
                "of_limit": None if limit_ms is None else limit_ms / times_ms["p50_ms"],
            }
        )
    return {
        "schema": 1,
        "network": config.network,
        "turns": config.measured_turns,
        "threads": figures.threads,
        "matmul_gflop_per_s": peak,
        "eager": {
            "gmac": figures.eager_gmac,
            **eager,
            "of_limit": 2000 * figures.eager_gmac / peak / eager["p50_ms"],
        },
        "reference": figures.reference,
        "rows": rows,
        "absent": figures.absent,
        "machine": machine.describe(PACKAGES),
        "load": load,
    }


def as_text(content: dict[str, Any]) -> str:
    """The same for people."""
    eager = content["eager"]
    rows = [
        [
            row["bundle"],
            row["precision"],
            row["backend"],
            number(row["p50_ms"], 2),
            number(row["p95_ms"], 2),
            "identical" if row["psnr_db"] is None else number(row["psnr_db"]),
            number(row["times_faster_than_eager"]),
            number(row["limit_ms"], 2),
            "-" if row["of_limit"] is None else f"{row['of_limit']:.0%}",
        ]
        for row in content["rows"]
    ]
    absent = "".join(f"not here: {name}: {why}\n" for name, why in content["absent"].items())
    return (
        f"{format_table(_HEADS, rows)}\n\n"
        f"times in ms; PSNR in dB to {content['reference']}\n"
        f"x PyTorch: against D_C of the `{content['network']}` family in eager PyTorch, "
        f"{eager['gmac']:.1f} GMAC: p50 {eager['p50_ms']:.0f} ms, {eager['of_limit']:.0%} of its "
        "limit\n"
        f"limit: the multiply-adds at the fastest float32 matmul of the same minutes, "
        f"{content['matmul_gflop_per_s']:.0f} GFLOP/s on {content['threads']} thread(s)\n"
        f"{absent}\n{machine.caption(content['machine'], content['load'])}"
    )


def _percentiles(times_ms: list[float]) -> dict[str, float]:
    p50, p95 = np.percentile(times_ms, (50, 95)).tolist()
    return {"p50_ms": p50, "p95_ms": p95}
