"""`write_report`: the page of a run. Pictures lie beside it, everything else is inside."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from train.alarms import Alarm, Row
from train.config_json import RunConfig, to_json
from train.report.curves import curves

REPORT = "report.html"
EARLIER = 8
RELOAD_S = 60

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1b1f24; margin: 2rem auto; max-width: 72rem;
       padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin-top: 2.2rem; }
p.state { color: #57606a; margin-top: .2rem; } img, svg { max-width: 100%; height: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
td { padding: .15rem 1.2rem .15rem 0; border-bottom: 1px solid #e4e8ec; vertical-align: top; }
.alarm { border-left: 4px solid #c93c37; background: #fdf0ef; padding: .5rem 1rem; }
.calm { color: #57606a; } figure { display: inline-block; width: 24%; margin: 0; }
figcaption { color: #57606a; font-size: .8rem; } progress { width: 100%; }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Where a run is."""

    step: int
    total: int
    """Steps of the whole run, as far as is known."""
    seconds: float
    """Trained until now."""
    where: str
    """Device, processes and precision."""
    ended: str = ""
    """Why it trains no more; empty while it does."""


def write_report(
    config: RunConfig, status: Status, rows: Sequence[Row], alarms: Sequence[Alarm]
) -> Path:
    """Write out/report.html in place of the one that is there. While the run trains, the page asks
    for itself anew every minute."""
    parts = [
        f"<h1>{html.escape(config.out.name)}: {config.method}</h1>",
        f'<p class="state">{html.escape(_state(status, rows))}</p>',
        f'<progress max="{status.total}" value="{status.step}"></progress>',
        *(_alarm(alarm) for alarm in alarms),
        "" if alarms else '<p class="calm">No alarms.</p>',
        _pictures(config.out),
        f"<h2>Curves</h2>{curves(rows)}{_last(rows[-1])}" if rows else "",
        f"<h2>Config</h2>{_table(to_json(config))}",
    ]
    reload = "" if status.ended else f'<meta http-equiv="refresh" content="{RELOAD_S}">'
    title = html.escape(f"{config.out.name} {status.step}/{status.total}")
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{reload}<title>{title}</title>'
        f"<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )
    path = config.out / REPORT
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(page)
    unfinished.replace(path)
    return path


def _state(status: Status, rows: Sequence[Row]) -> str:
    pieces = [f"Step {status.step} of {status.total}", f"{_time(status.seconds)} of training"]
    if status.ended:
        pieces.append(status.ended)
    elif rows:
        step_s = float(np.mean([row["step_s"] for row in rows[-10:]]))
        pieces.append(f"{_time(step_s * (status.total - status.step))} to go")
    return "; ".join([*pieces, status.where]) + "."


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _alarm(alarm: Alarm) -> str:
    return (
        f'<p class="alarm"><b>{html.escape(alarm.kind)}</b>, step {alarm.step}: '
        f"{html.escape(alarm.text)}.</p>"
    )


def _pictures(out: Path) -> str:
    """The newest sample, and some earlier ones as small pictures."""
    found = sorted((out / "samples").glob("step-*.png"))
    if not found:
        return ""
    newest, before = found[-1], found[:-1]
    picks = np.linspace(0, len(before) - 1, min(EARLIER, len(before))).round().astype(int)
    small = "".join(
        f'<figure><a href="samples/{path.name}"><img loading="lazy" src="samples/{path.name}" '
        f'alt=""></a><figcaption>{path.stem}</figcaption></figure>'
        for path in (before[i] for i in picks)
    )
    image = f'<img src="samples/{newest.name}" alt="v, translations, mixes">'
    return f"<h2>Pictures</h2>{image}" + (f"<h2>Earlier</h2>{small}" if small else "")


def _last(row: Row) -> str:
    return "<h2>Last row of the log</h2>" + _table({k: f"{v:.4g}" for k, v in row.items()})


def _table(fields: Mapping[str, object]) -> str:
    cells = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{html.escape(_text(value))}</td></tr>"
        for name, value in fields.items()
    )
    return f"<table>{cells}</table>"


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
