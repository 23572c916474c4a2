"""`python -m export.bench`: the command line."""

from __future__ import annotations

import sys

import tyro
from rich.console import Console
from rich.progress import Progress

from calibration.printable import printable
from export.bench.config import BenchConfig
from export.bench.measure import measure
from export.bench.table import as_json, as_text
from export.errors import ExportError
from realtime.bench import machine
from realtime.errors import RealtimeError
from realtime.report import check_writable, write_json


def main(arguments: list[str] | None = None) -> None:
    try:
        bench(tyro.cli(BenchConfig, prog="python -m export.bench", args=arguments))
    except (ExportError, RealtimeError) as error:
        print(f"bench: {printable(str(error))}", file=sys.stderr)
        raise SystemExit(1) from None


def bench(config: BenchConfig) -> None:
    """Measure, print, write. Raises `ExportError`, `RealtimeError`."""
    if config.json is not None:
        check_writable(config.json)
    before = machine.load()
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("turns", total=config.measured_turns)
        figures = measure(config, lambda: bar.advance(task))
    content = as_json(config, figures, machine.load_report(before, machine.load()))
    print(as_text(content))
    if config.json is not None:
        write_json(config.json, content)


if __name__ == "__main__":
    main()
