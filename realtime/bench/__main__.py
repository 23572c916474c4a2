"""`python -m realtime.bench`: run the trials, print the tables, write the JSON.

Exit codes as of launch.py: 0 done, 1 failed, 2 what was asked makes no sense, 130 stopped.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from realtime.bench import machine, table
from realtime.bench.config import BenchConfig
from realtime.bench.plan import absent_peers, trials
from realtime.bench.trial import median, run
from realtime.bundle import Bundle
from realtime.command_line import parse
from realtime.errors import RealtimeError, UsageError
from realtime.report import check_writable, write_json

_DESCRIPTION = """Measure the live loop: without a model, and with one.

    python -m realtime.bench                     about a minute and a half
    python -m realtime.bench --peers --json F    beside imagezmq and NetGear
    python -m realtime.bench --rounds 5          medians of turns
    python -m realtime.bench --quick             a look

Each trial is a sending and a receiving process. Let the machine do nothing else."""
_PACKAGES = ("headset-avatar", "numpy", "onnxruntime", "pyzmq", "simplejpeg", "imagezmq", "vidgear")
_HOW_TO_READ = """Ages: from when the camera's picture was due until the client has it decoded, ms.
at end: the median of the last second. CPU/frame: of the sending process, ms; client's: likewise.
PSNR: of the client's picture to the camera's, dB."""


def main() -> None:
    try:
        bench(parse(BenchConfig, sys.argv[1:], "python -m realtime.bench", _DESCRIPTION))
    except RealtimeError as error:
        print(f"bench: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except KeyboardInterrupt:
        print("bench: stopped", file=sys.stderr)
        sys.exit(130)


def bench(config: BenchConfig) -> None:
    """Measure, print, write. Raises `RealtimeError`."""
    if config.json is not None:
        check_writable(config.json)
    bundle = Bundle.load(config.bundle)
    for module in absent_peers() if config.peers else ():
        _say(f"{module} is not installed and is left out: pip install {module}")
    before = machine.load()
    tasks = trials(config)
    measured: list[dict[str, Any]] = []
    try:
        for index, task in enumerate(tasks * config.rounds, 1):
            rate = "as fast as it goes" if task.rate_fps is None else f"{task.rate_fps:g} fps"
            _say(f"{index}/{len(tasks) * config.rounds}: {task.system}, {task.model}, {rate}")
            measured.append(run(task, config.warm_up_s, config.measured_s))
    finally:  # whole rounds are told, whatever ended the next one
        rounds = len(measured) // len(tasks)
        if rounds:
            whole = measured[: rounds * len(tasks)]
            done = [median(whole[kind :: len(tasks)]) for kind in range(len(tasks))]
            _tell(config, bundle.id, done, rounds, before)


def _tell(
    config: BenchConfig,
    bundle: str,
    done: Sequence[dict[str, Any]],
    rounds: int,
    before: float | None,
) -> None:
    """Print and write the medians of so many rounds; `before`: the load at the start."""
    figures = {
        "schema": 1,
        "bundle": bundle,
        "measured_s": config.measured_s,
        "warm_up_s": config.warm_up_s,
        "rounds": rounds,
        "settings": {k: v for k, v in asdict(config).items() if k not in ("bundle", "json")},
        "machine": machine.describe(_PACKAGES),
        "load": machine.load_report(before, machine.load()),
        "trials": done,
    }
    _print(figures, done)
    if config.json is not None:
        write_json(config.json, figures)


def _print(figures: dict[str, Any], done: Sequence[dict[str, Any]]) -> None:
    rounds = figures["rounds"]
    medians = f", medians of {rounds} in turns" if rounds > 1 else ""
    print(f"{figures['bundle']}, {figures['measured_s']:g} s a trial{medians}\n")
    print(table.ages(done), _HOW_TO_READ, "Stages of the loop, p50/p95/p99 ms:", sep="\n\n")
    print()
    print(table.stages(done))
    print()
    print(machine.caption(figures["machine"], figures["load"]))


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr)


if __name__ == "__main__":
    main()
