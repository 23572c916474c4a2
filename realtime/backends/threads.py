"""How many threads a frame may take on a CPU."""

from __future__ import annotations

import os

_MAX_THREADS = 4


def default_threads() -> int:
    """Threads for one frame: all but one core, which capture and encode keep, and at most 4.

    On 2 cores both are used: a second thread costs no more processor time (docs/export.md), and
    they sleep for the rest of it. A live model is too small to gain from more than a few.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(max((cores or 1) - 1, min(cores or 1, 2)), _MAX_THREADS)
