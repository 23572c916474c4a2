"""The report in the terminal, and as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from train.evaluate.bootstrap import Figure
from train.evaluate.metrics import TABLES, Metric
from train.evaluate.report import Report

NOTHING = "-"


def print_report(report: Report, console: Console) -> None:
    """Tables of all rows, then of methods with several runs and their differences, then notes."""
    lines: dict[str, Mapping[str, Figure]] = {row.name: row.figures for row in report.rows}
    methods = report.methods()
    for title, metrics in TABLES.items():
        shown = [m for m in metrics if any(m.key in figures for figures in lines.values())]
        if not shown:
            continue
        table = Table(title=title, title_justify="left", title_style="bold")
        table.add_column("", overflow="fold")
        for metric in shown:
            table.add_column(metric.title, justify="right")
        for group in (lines, methods, report.method_differences()):
            for name, figures in group.items():
                cells = [_cell(figures.get(metric.key), metric) for metric in shown]
                if any(cell != NOTHING for cell in cells):
                    table.add_row(name, *cells)
            table.add_section()
        console.print(table)
    console.print(
        f"{report.images} images of {report.config.data} at {report.size}x{report.size}. Below "
        f"each figure: half its 95 % interval, bootstrap over {report.unit}s"
        f"{f'; of a method, over runs and {report.unit}s' if methods else ''}."
    )
    for note in report.notes:
        console.print(note)


def markdown(report: Report) -> str:
    """The same tables, each run apart only where its method has no other."""
    methods = report.methods()
    runs_of = Counter(row.method for row in report.runs)
    single = [row for row in report.rows if row.kind != "run" or runs_of[row.method] == 1]
    ceiling = {row.name: row.figures for row in single if row.kind == "ceiling"}
    lines: dict[str, Mapping[str, Figure]] = {
        **{row.name: row.figures for row in single if row.kind != "ceiling"},
        **methods,
        **ceiling,
        **report.method_differences(),
    }
    tables = []
    for title, metrics in TABLES.items():
        shown = [m for m in metrics if any(m.key in figures for figures in lines.values())]
        rows = [
            [name, *(_cell(figures.get(m.key), m, " ±") for m in shown)]
            for name, figures in lines.items()
            if any(m.key in figures for m in shown)
        ]
        if shown:
            tables.append(markdown_table([title, *(m.title for m in shown)], rows))
    return "\n".join(tables)


def markdown_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table that ends in a newline."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(figure: Figure | None, metric: Metric, half: str = "\n±") -> str:
    if figure is None:
        return NOTHING
    digits = metric.digits
    return f"{figure.value:.{digits}f}{half}{(figure.high - figure.low) / 2:.{digits}f}"
