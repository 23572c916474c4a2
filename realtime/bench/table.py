"""Figures as aligned text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from realtime.pipeline import STAGES

_HEADS = (
    *("sender", "pictures", "model", "camera", "client", "sent", "got"),
    *("age p50", "p95", "p99", "at end", "CPU/frame", "client's", "PSNR"),
)


def format_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell: the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = [heads, ["-" * width for width in widths], *rows]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )


def number(value: float | None, digits: int = 1) -> str:
    """The figure, or a dash for none."""
    return "-" if value is None else f"{value:.{digits}f}"


def ages(trials: Sequence[dict[str, Any]]) -> str:
    """From the camera's picture to the client's, decoded; all times in ms."""
    return format_table(_HEADS, [_ages_row(trial) for trial in trials])


def stages(trials: Sequence[dict[str, Any]]) -> str:
    """p50/p95/p99 of each stage, in ms, of our own trials."""
    rows = [
        [
            _model(trial),
            _camera(trial),
            *("/".join(number(trial["stages_ms"][stage][p], 2) for p in _PS) for stage in STAGES),
        ]
        for trial in trials
        if "stages_ms" in trial
    ]
    return format_table(("model", "camera", *STAGES), rows)


_PS = ("p50", "p95", "p99")


def _ages_row(trial: dict[str, Any]) -> list[str]:
    age = trial["age_ms"]
    return [
        trial["system"],
        trial["codec"],
        _model(trial),
        _camera(trial),
        f"{trial['client_ms']:g} ms",
        f"{trial['fps']:.1f} fps",
        f"{trial['received']:g}",
        *(number(age[p], 2) for p in _PS),
        number(trial["age_at_end_ms"], 2),
        number(trial["cpu_ms_per_frame"], 2),
        number(trial["client_cpu_ms_per_frame"], 2),
        "exact" if trial["exact"] else number(trial["psnr_db"]),
    ]


def _model(trial: dict[str, Any]) -> str:
    return str(trial["backend"])


def _camera(trial: dict[str, Any]) -> str:
    rate = trial["rate_fps"]
    return "free" if rate is None else f"{rate:g} fps"
