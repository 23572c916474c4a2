"""What the samples of a soak say: slopes, percentiles by window, counts that add up. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from realtime.report import MOST_ON_THE_WAY


def slope(times_s: Sequence[float], values: Sequence[float]) -> float | None:
    """Least-squares change per hour; None with fewer than three samples."""
    if len(times_s) < 3:
        return None
    return float(np.polyfit(np.asarray(times_s) / 3600, np.asarray(values), 1)[0])


def percentiles_ms(ages_ms: Sequence[float]) -> dict[str, float | None]:
    """p50, p95, p99 and max, to 2 decimals; None for all of an empty window."""
    if not ages_ms:
        return dict.fromkeys(("p50", "p95", "p99", "max"))
    values = [*np.percentile(ages_ms, (50, 95, 99)), max(ages_ms)]
    return dict(
        zip(("p50", "p95", "p99", "max"), (round(float(v), 2) for v in values), strict=True)
    )


def summarise(windows: Sequence[dict[str, Any]], warm_s: float) -> dict[str, Any]:
    """Over the windows after `warm_s`; the rate over those of them without a fault.

    fps_drift_percent: between the ends of the fitted line, of the mean.
    """
    warm = [window for window in windows if window["start_s"] >= warm_s]
    clean = [window for window in warm if not window["faults"]]
    times_s = [window["end_s"] for window in warm]
    summary: dict[str, Any] = {"windows": len(windows), "clean_windows": len(clean)}
    clean_s, fps = [w["end_s"] for w in clean], [w["fps"] for w in clean]
    if (fps_slope := slope(clean_s, fps)) is not None:
        change = fps_slope * (clean_s[-1] - clean_s[0]) / 3600
        summary["fps_mean"] = round(float(np.mean(fps)), 3)
        summary["fps_drift_percent"] = round(100 * change / float(np.mean(fps)), 3)
    for name, key, unit in (
        ("rss_mb_per_hour", "process_resident_memory_bytes", 1 << 20),
        ("threads_per_hour", "process_threads", 1),
        ("descriptors_per_hour", "process_open_fds", 1),
    ):
        values = [window["process"][key] / unit for window in warm if window["process"]]
        if values and (per_hour := slope(times_s[: len(values)], values)) is not None:
            summary[name] = round(per_hour, 3)
            summary[name.removesuffix("_per_hour") + "_first_last"] = [
                round(values[0], 2),
                round(values[-1], 2),
            ]
    return summary


def unaccounted(frames: dict[str, Any]) -> int:
    """Frames of a report that no cause explains; 0, or one was lost unseen.

    More "stopped" ones than can have been on the way are unexplained too.
    """
    dropped = frames["dropped"]
    missing = int(frames["captured"] - frames["published"] - sum(dropped.values()))
    return missing + max(0, int(dropped.get("stopped", 0)) - MOST_ON_THE_WAY)
