"""The report in the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from train.evaluate.bootstrap import Figure
from train.evaluate.metrics import TABLES, Metric
from train.evaluate.report import Report

NOTHING = "-"


def print_report(report: Report, console: Console) -> None:
    """Tables of all rows, then of methods with several runs, then notes."""
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
        for group in (lines, methods):
            for name, figures in group.items():
                cells = [_cell(figures.get(metric.key), metric) for metric in shown]
                if any(cell != NOTHING for cell in cells):
                    table.add_row(name, *cells)
            table.add_section()
        console.print(table)
    console.print(
        f"{report.images} images of {report.config.data} at {report.size}x{report.size}. Below "
        f"each figure: half its 95 % interval, bootstrap over {report.unit}s"
        f"{'; of several runs, half their range' if methods else ''}."
    )
    for note in report.notes:
        console.print(note)


def _cell(figure: Figure | None, metric: Metric) -> str:
    if figure is None:
        return NOTHING
    digits = metric.digits
    return f"{figure.value:.{digits}f}\n[dim]±{(figure.high - figure.low) / 2:.{digits}f}[/dim]"
