"""The doctor's page: one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import html
from collections import Counter

from train.check import plots, thumbnails
from train.check.duplicates import Groups
from train.check.findings import Finding
from train.check.seen import Seen
from train.check.survey import Survey

LISTED = 50

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1b1f24; margin: 2rem auto; max-width: 76rem;
       padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.15rem; margin: 2.4rem 0 .4rem; }
h3 { font-size: .95rem; margin: 1.1rem 0 .3rem; } p { margin: .3rem 0; max-width: 52rem; }
p.about, figcaption, small, td.about { color: #57606a; }
ul.verdict { list-style: none; padding: 0; margin: 1.2rem 0; }
ul.verdict li { display: grid; grid-template-columns: 6.2rem 7.6rem 1fr; gap: .6rem;
                padding: .35rem 0; border-bottom: 1px solid #e4e8ec; align-items: baseline; }
.level { font-size: .8rem; font-weight: 600; border-radius: 1rem; padding: .05rem .6rem;
         text-align: center; }
.good { background: #dcf3e3; color: #1a5c33; } .note { background: #e7edf5; color: #2a4a73; }
.warning { background: #fdeed3; color: #7a4b00; } .unusable { background: #fbdcd9; color: #8c1d14; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .9rem; text-align: right; border-bottom: 1px solid #e4e8ec; }
th:first-child, td:first-child { text-align: left; }
thead th { border-bottom: 2px solid #1b1f24; }
.sheet { display: grid; grid-template-columns: repeat(12, minmax(0, 1fr)); gap: 6px; }
.averages { display: flex; gap: 18px; flex-wrap: wrap; } .averages figure { width: 150px; }
.groups { display: flex; flex-wrap: wrap; gap: 10px 22px; }
.group { display: flex; gap: 4px; margin-bottom: .4rem; } .group figure { width: 86px; }
figure { margin: 0; } figure img { width: 100%; border-radius: 3px; display: block; }
figcaption { font-size: .72rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
img.plot { max-width: 100%; display: block; margin: .6rem 0; }
"""


def page(seen: Seen, lines: list[Finding], why: str) -> str:
    """A whole HTML document. `why`: which source is V and which is C."""
    parts = [
        "<h1>Training data</h1>",
        f'<p class="about">V: {_text(seen.v.source.path)}<br>C: {_text(seen.c.source.path)}<br>'
        f"{_text(why)}. Judged at {seen.size}x{seen.size}, as training sees them.</p>",
        _verdict(lines),
        _table(seen),
        "<h2>What training sees</h2>",
        *(thumbnails.contact_sheet(domain) for domain in (seen.v, seen.c)),
        "<h2>Averages</h2>"
        "<p>Sharp averages: every picture shows the same things in the same place. The deviation "
        "is where pictures differ; in C that should be the expression.</p>",
        thumbnails.averages(seen),
        "<h2>Light and detail</h2>",
        _plot("Brightness, contrast, sharpness, information", plots.light(seen.v, seen.c)),
        _plot("Levels of red, green and blue", plots.colours(seen.v, seen.c)),
        _expressions(seen),
        "<h2>Odd ones</h2>",
        *(thumbnails.extremes(domain) for domain in (seen.v, seen.c)),
        thumbnails.near_duplicates(seen),
        *(thumbnails.overlap("In V and in C", o) for o in (seen.between,) if o.pairs),
        *(
            thumbnails.overlap(f"In {o.ours.title} and in {o.theirs.source.path}", o)
            for o in seen.leaks
            if o.pairs
        ),
        *(_unreadable(domain) for domain in (seen.v, seen.c) if domain.unreadable),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Training data</title>'
        f"<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _verdict(lines: list[Finding]) -> str:
    items = "".join(
        f'<li><span class="level {line.level}">{line.level}</span><b>{_text(line.about)}</b>'
        f"<span>{_text(line.text)}</span></li>"
        for line in lines
    )
    return f'<ul class="verdict">{items}</ul>'


def _table(seen: Seen) -> str:
    lines = "".join(
        f"<tr><td>{_text(name)}</td><td>{_text(of_v)}</td><td>{_text(of_c)}</td></tr>"
        for name, of_v, of_c in figures(seen)
    )
    head = "<thead><tr><th></th><th>V</th><th>C</th></tr></thead>"
    return f"<table>{head}<tbody>{lines}</tbody></table>"


def figures(seen: Seen) -> list[tuple[str, str, str]]:
    """Rows of the table: what, of V, of C."""
    of_v, of_c = (
        _column(domain, groups)
        for domain, groups in zip((seen.v, seen.c), seen.groups, strict=True)
    )
    return [(name, of_v[name], of_c[name]) for name in of_v]


def _column(of: Survey, groups: Groups) -> dict[str, str]:
    sizes = Counter(picture.size_px for picture in of.pictures)
    (width, height), _ = sizes.most_common(1)[0]
    return {
        "images": f"{len(of):,}",
        "unreadable": f"{len(of.unreadable):,}",
        "distinct": f"{groups.distinct:,}",
        "size, pixels": f"{width}x{height}" + (" and others" if len(sizes) > 1 else ""),
        "brightness, 0-255": _mean_and_deviation(of, "brightness", 0),
        "contrast, 0-255": _mean_and_deviation(of, "contrast", 0),
        "colour, 0 is grey": _mean_and_deviation(of, "colour", 0),
        "sharpness, 0-1": _mean_and_deviation(of, "sharpness", 2),
        "information, bits per pixel": _mean_and_deviation(of, "information", 1),
    }


def _mean_and_deviation(of: Survey, figure: str, digits: int) -> str:
    values = of.column(figure)
    return f"{values.mean():.{digits}f} ± {values.std():.{digits}f}"


def _expressions(seen: Seen) -> str:
    if seen.coverage is None:
        return (
            "<h2>Expressions</h2><p>Not known: they are read from a simulated set's "
            "coefficients.json.</p>"
        )
    plot = plots.expressions(seen.coverage)
    if plot is None:
        return "<h2>Expressions</h2><p>No shape ever moves.</p>"
    return "<h2>Expressions</h2>" + _plot("Blendshape weights of V and C", plot)


def _unreadable(of: Survey) -> str:
    items = "".join(
        f"<li>{_text(name)}: {_text(reason)}</li>"
        for name, reason in list(of.unreadable.items())[:LISTED]
    )
    more = len(of.unreadable) - LISTED
    rest = f"<p>and {more:,} more</p>" if more > 0 else ""
    return f"<h2>Unreadable in {of.title}</h2><ul>{items}</ul>{rest}"


def _plot(alt: str, data: bytes) -> str:
    encoded = base64.b64encode(data).decode()
    return f'<img class="plot" alt="{alt}" src="data:image/png;base64,{encoded}">'


def _text(value: object) -> str:
    return html.escape(str(value))
