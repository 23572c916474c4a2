"""What figures were measured on: processor, versions, and whether anything else ran."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_QUIET_PER_CORE = 0.2
_CPU_INFO = Path("/proc/cpuinfo")


def describe(packages: Sequence[str]) -> dict[str, Any]:
    """The machine, and the versions of Python and of those packages that are installed."""
    return {
        "processor": _processor(),
        "cores": cores(),
        "platform": platform.platform(),
        "versions": {"python": platform.python_version()} | _versions(packages),
    }


def cores() -> int:
    """That this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load() -> float | None:
    """Processes that ran or wanted to, on average over the last minute; None where unknown."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def load_report(before: float | None, after: float | None) -> dict[str, Any]:
    """`quiet` is judged by what ran before: afterwards it was the benchmark itself."""
    quiet = None if before is None else before <= _QUIET_PER_CORE * cores()
    return {"before": before, "after": after, "quiet": quiet}


def caption(machine: dict[str, Any], load: dict[str, Any]) -> str:
    """A paragraph to stand below a table."""
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    state = {None: "unknown whether quiet", True: "quiet", False: "NOT QUIET"}[load["quiet"]]
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['platform']}\n{versions}\n"
        f"load average before {load['before']}, after {load['after']}: {state}"
    )


def _processor() -> str:
    if _CPU_INFO.exists():
        for line in _CPU_INFO.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _versions(packages: Sequence[str]) -> dict[str, str]:
    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
