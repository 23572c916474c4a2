"""The report as one HTML page that needs nothing else: tables, curves and pictures inside it."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping

from matplotlib.figure import Figure as Plot

from train.evaluate.bootstrap import Figure
from train.evaluate.metrics import TABLES, Metric
from train.evaluate.picture import COLORS, FAINT, INK, png
from train.evaluate.report import Report

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1b1f24; margin: 2rem auto; max-width: 72rem;
       padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin-top: 2.2rem; }
p.about, li, td small, caption { color: #57606a; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .8rem; text-align: right; border-bottom: 1px solid #e4e8ec; }
th:first-child, td:first-child { text-align: left; }
thead th { border-bottom: 2px solid #1b1f24; vertical-align: bottom; }
tr.baseline td, tr.ceiling td { background: #f6f8fa; font-style: italic; }
tr.methods td { border-top: 1px solid #8c959f; }
td small { display: block; font-size: .78em; } td.best { font-weight: 650; }
td.best small { font-weight: 400; } img { max-width: 100%; } dt { font-weight: 600; }
"""


def page(report: Report) -> str:
    """A whole HTML document."""
    first = report.runs[0].name
    parts = [
        f"<h1>Evaluation on {html.escape(report.config.data.name)}</h1>",
        f'<p class="about">{report.images} images at {report.size}x{report.size}. Below each '
        f"figure stands its 95 % interval (bootstrap over {report.unit}s). “mean of C” shows the "
        "same face for ever; “truth” is what the yardsticks say of the true render. The best run "
        "is bold.</p>",
        _image("v, translations, truth", report.picture),
    ]
    for title, metrics in TABLES.items():
        parts += [f"<h2>{title.capitalize()}</h2>", _rows_table(report, metrics)]
    if any(row.shapes_r2 for row in report.rows):
        parts += ["<h2>R² by shape</h2>", _image("R² by shape", _shapes_plot(report))]
    for name, figures in report.differences().items():
        parts.append(f"<h2>{html.escape(name)} less {html.escape(first)}, image by image</h2>")
        parts += [_figures_table({name: figures}, metrics) for metrics in TABLES.values()]
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in report.notes)
    parts += ["<h2>Notes</h2>", f"<ul>{notes}</ul>", "<h2>Figures</h2>", _glossary()]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Evaluation</title>'
        f"<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _rows_table(report: Report, metrics: tuple[Metric, ...]) -> str:
    best = {metric.key: _best(report, metric) for metric in metrics}
    lines = [
        _line(
            row.name, row.figures, metrics, row.kind, {k for k, n in best.items() if n == row.name}
        )
        for row in report.rows
        if any(metric.key in row.figures for metric in metrics)
    ]
    lines += [
        _line(name, figures, metrics, "methods")
        for name, figures in (report.methods() | report.method_differences()).items()
    ]
    return _table(metrics, lines)


def _figures_table(lines: Mapping[str, Mapping[str, Figure]], metrics: tuple[Metric, ...]) -> str:
    shown = tuple(m for m in metrics if any(m.key in figures for figures in lines.values()))
    return _table(shown, [_line(name, figures, shown, "run") for name, figures in lines.items()])


def _table(metrics: tuple[Metric, ...], lines: list[str]) -> str:
    heads = "".join(
        f'<th title="{html.escape(metric.meaning)}">{html.escape(metric.title)}</th>'
        for metric in metrics
    )
    return f"<table><thead><tr><th></th>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _line(
    name: str,
    figures: Mapping[str, Figure],
    metrics: tuple[Metric, ...],
    kind: str,
    best: set[str] | frozenset[str] = frozenset(),
) -> str:
    cells = [f"<td>{html.escape(name)}</td>"]
    for metric in metrics:
        figure, digits = figures.get(metric.key), metric.digits
        if figure is None:
            cells.append("<td>-</td>")
            continue
        mark = ' class="best"' if metric.key in best else ""
        interval = f"{figure.low:.{digits}f} – {figure.high:.{digits}f}"
        cells.append(f"<td{mark}>{figure.value:.{digits}f}<small>{interval}</small></td>")
    return f'<tr class="{kind}">{"".join(cells)}</tr>'


def _best(report: Report, metric: Metric) -> str | None:
    """The run with the best figure; None for a figure that is no merit, or a single run."""
    values = {
        row.name: row.figures[metric.key].value for row in report.runs if metric.key in row.figures
    }
    if len(values) < 2 or metric.better is None:
        return None
    return (min if metric.better == "low" else max)(values, key=lambda name: values[name])


def _shapes_plot(report: Report) -> bytes:
    """A dot for each run and shape; the truth's, as read, is what can be had."""
    rows = [row for row in report.rows if row.shapes_r2 and row.kind != "baseline"]
    shapes = sorted(rows[-1].shapes_r2, key=lambda shape: rows[-1].shapes_r2[shape])
    plot = Plot(figsize=(9, 1.2 + 0.24 * len(shapes)), dpi=110, layout="constrained")
    axes = plot.add_subplot()
    places = range(len(shapes))
    for index, row in enumerate(rows):
        truth = row.kind == "ceiling"
        axes.plot(
            [max(row.shapes_r2[shape], -0.25) for shape in shapes],
            places,
            "|" if truth else "o",
            color=INK if truth else COLORS[index % len(COLORS)],
            markersize=11 if truth else 6,
            label=f"{row.name}, as the regressor reads it" if truth else row.name,
        )
    axes.axvline(0, color=FAINT, linewidth=0.8)
    axes.set_yticks(list(places), shapes, fontsize=9)
    axes.set_xlim(-0.28, 1.02)
    axes.set_xlabel("R² (at -0.25: that or less)")
    axes.grid(axis="both", color="#e4e8ec", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    plot.legend(loc="outside upper left", ncols=3, frameon=False)
    return png(plot)


def _glossary() -> str:
    items = [
        f"<dt>{html.escape(metric.title)}</dt><dd>{html.escape(metric.meaning)}</dd>"
        for metrics in TABLES.values()
        for metric in metrics
    ]
    return f"<dl>{''.join(items)}</dl>"


def _image(alt: str, data: bytes) -> str:
    encoded = base64.b64encode(data).decode()
    return f'<p><img alt="{html.escape(alt)}" src="data:image/png;base64,{encoded}"></p>'
