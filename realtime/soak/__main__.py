"""`python -m realtime.soak`: hours of the real program under faults; a report, and a verdict."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import arg

from calibration.printable import printable
from realtime.client import Client
from realtime.command_line import parse
from realtime.config import DEMO_BUNDLE
from realtime.errors import RealtimeError, UsageError
from realtime.report import check_writable, write_json
from realtime.soak.camera import SoakCamera
from realtime.soak.figures import summarise, unaccounted
from realtime.soak.process import Launched
from realtime.soak.run import Soak
from realtime.soak.schedule import plan

_DESCRIPTION = """Run launch.py for hours while faults happen to its camera, its viewers and its
machine; report what became of its rate, memory, threads, delays and counts.

    python -m realtime.soak --minutes 10 --report soak.json

Exit code 0: every count added up, no old picture came as a new one, and all recovered."""

_RECOVER_S = 2.0
_ENOUGH_S = 3600.0
"""Of a shorter run slopes per hour say little, and are not judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoakConfig:
    """The docstrings of the fields are the text of --help."""

    hours: float = 0.0
    """How long; added to --minutes."""
    minutes: float = 0.0
    """How long; added to --hours."""
    seed: int = 0
    """Of the schedule of faults."""
    every: Annotated[float, arg(metavar="SECONDS")] = 30.0
    """A fault happens about so often."""
    window: Annotated[float, arg(metavar="SECONDS")] = 30.0
    """Figures are taken once in so long."""
    fps: float = 30.0
    """The camera's rate."""
    bundle: Annotated[Path, arg(metavar="FOLDER")] = DEMO_BUNDLE
    """The model."""
    report: Annotated[Path, arg(metavar="FILE.json")] = Path("soak.json")
    """Rewritten after each window; the log goes beside it."""

    def __post_init__(self) -> None:
        if not self.duration_s > 0:
            raise UsageError("how long? give --minutes 10, or --hours 2")
        for name in ("every", "window", "fps"):
            if not getattr(self, name) > 0:
                raise UsageError(f"--{name} {getattr(self, name):g}: give a number above 0")

    @property
    def duration_s(self) -> float:
        """In seconds."""
        return self.hours * 3600 + self.minutes * 60


def main() -> int:
    """Run with the arguments of the command line; the exit code."""
    try:
        config = parse(SoakConfig, sys.argv[1:], "python -m realtime.soak", _DESCRIPTION)
        check_writable(config.report)
        verdict = soak(config)
    except RealtimeError as error:
        print(f"soak: {printable(str(error))}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    for name, passed in verdict.items():
        print(f"soak: {name}: {'yes' if passed else 'not judged' if passed is None else 'NO'}")
    return int(False in verdict.values())


def soak(config: SoakConfig) -> dict[str, bool | None]:
    """Run it; the verdict, which the report holds too."""
    warm_s = min(600.0, 0.2 * config.duration_s)
    windows: list[dict[str, Any]] = []
    content: dict[str, Any] = {
        "seconds": config.duration_s,
        "seed": config.seed,
        "complete": False,
        "windows": windows,
    }

    def keep(window: dict[str, Any]) -> None:
        windows.append(window)
        content["summary"] = summarise(windows, warm_s)
        write_json(config.report, content)
        rss_mb = window["process"].get("process_resident_memory_bytes", 0) / 2**20
        faults = ", ".join(fault["kind"] for fault in window["faults"]) or "none"
        print(
            f"soak: {window['end_s']:.0f} s: {window['fps']:.2f} fps, age p50 "
            f"{window['age_ms']['p50']} ms, {rss_mb:.1f} MB, faults: {faults}",
            flush=True,
        )

    faults = plan(config.seed, config.duration_s, min(config.every, 15.0), config.every)
    camera = SoakCamera(config.fps)
    with tempfile.TemporaryDirectory() as folder:
        launched = Launched(
            ("--camera", camera.url, "--bundle", str(config.bundle)),
            Path(folder) / "run.json",
            config.report.with_suffix(".log"),
        )
        with Client(launched.address) as client:
            run = Soak(launched, client, camera, faults, keep)
            try:
                run.run(config.duration_s, config.window)
            finally:
                content["ended"] = launched.end()
                camera.unplug()
                content["client"] = client.report()
    content |= {"complete": True, "recoveries": run.recoveries, "old_as_new": run.old_as_new}
    content["verdict"] = verdict = judge(content, config.duration_s)
    write_json(config.report, content)
    return verdict


def judge(content: dict[str, Any], duration_s: float) -> dict[str, bool | None]:
    """What was promised, each kept or not; None where the run cannot tell."""
    ended, summary = content["ended"], content.get("summary", {})
    long_enough = duration_s >= _ENOUGH_S
    drift, rss = summary.get("fps_drift_percent"), summary.get("rss_mb_per_hour")
    return {
        "it ran to its end and ended in good order": ended["exit_code"] == 0,
        "captured = published + dropped by cause": bool(ended["report"])
        and unaccounted(ended["report"]["frames"]) == 0,
        "no old picture was sent as a new one": content["old_as_new"] == 0,
        f"each camera fault was over within {_RECOVER_S:g} s": all(
            recovery["took_s"] <= _RECOVER_S for recovery in content["recoveries"]
        ),
        "fps drift under 1 %": abs(drift) < 1 if long_enough and drift is not None else None,
        "memory grows by less than 1 MB/h": rss < 1 if long_enough and rss is not None else None,
    }


if __name__ == "__main__":
    sys.exit(main())
