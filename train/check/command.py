"""Survey V and C, find what is wrong, print it, write the page."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from train.check import CheckConfig
from train.check.findings import Finding, findings
from train.check.page import figures, page
from train.check.seen import Seen, look
from train.check.survey import Survey
from train.data import Domains, choose, domains, load_profile
from train.errors import BadData
from train.evaluate.picture import write

MARKS = {
    "good": "[green]good[/]",
    "note": "[blue]note[/]",
    "warning": "[yellow]warning[/]",
    "unusable": "[red]unusable[/]",
}

_FIGURES = ("brightness", "contrast", "burnt", "colour", "sharpness", "information")


def check(config: CheckConfig) -> None:
    """Raises `BadData` if the images cannot be trained on; the page is written before."""
    chosen = choose(config.data, config.v, config.c, swap=config.swap)
    others = _others(config, chosen)
    seen = look(chosen, others, config.size, load_profile(config.profile))
    lines = findings(seen)
    write(config.html, page(seen, lines, chosen.why).encode())
    if config.json is not None:
        write(config.json, (json.dumps(_as_json(seen, lines, chosen), indent=2) + "\n").encode())
    _print(seen, lines, chosen)
    Console().print(f"with pictures: {config.html}", highlight=False, markup=False)
    unusable = [line.text for line in lines if line.level == "unusable"]
    if unusable:
        raise BadData(f"not usable: {'; '.join(unusable)}")


def _others(config: CheckConfig, chosen: Domains) -> Domains | None:
    """The set that must not share pictures with this one: as asked, or testA/ and testB/ beside
    trainA/ and trainB/."""
    if config.against is not None:
        return domains(config.against, swap=config.swap)
    if config.data is None or not chosen.v.name.startswith("train"):
        return None
    v, c = (path.with_name(path.name.replace("train", "test")) for path in (chosen.v, chosen.c))
    return Domains(v=v, c=c, why="") if v.exists() and c.exists() else None


def _print(seen: Seen, lines: list[Finding], chosen: Domains) -> None:
    console = Console(highlight=False)
    console.print(chosen.why, markup=False)
    table = Table("", "V", "C", box=None, pad_edge=False)
    for row in figures(seen):
        table.add_row(*row)
    console.print(table)
    verdict = Table(box=None, show_header=False, pad_edge=False)
    for line in lines:
        verdict.add_row(MARKS[line.level], line.about, escape(line.text))
    console.print(verdict)


def _as_json(seen: Seen, lines: list[Finding], chosen: Domains) -> dict[str, Any]:
    content: dict[str, Any] = {
        "why": chosen.why,
        "verdict": [asdict(line) for line in lines],
    }
    for domain, groups in zip((seen.v, seen.c), seen.groups, strict=True):
        content[domain.title] = {
            "path": str(domain.source.path),
            "images": len(domain),
            "unreadable": domain.unreadable,
            "distinct": groups.distinct,
            "duplicates": [_names(domain, group) for group in groups.groups],
            "figures": {name: _quantiles(domain, name) for name in _FIGURES},
        }
    content["leaks"] = [
        {
            "path": str(overlap.theirs.source.path),
            "pairs": [
                [overlap.ours.names[ours], overlap.theirs.names[theirs]]
                for ours, theirs in overlap.pairs
            ],
        }
        for overlap in seen.leaks
    ]
    if seen.coverage is not None:
        content["expressions"] = {
            "v_beyond_c": seen.coverage.beyond(),
            "v_alone": seen.coverage.alone(),
        }
    if seen.asked is not None:
        asked = seen.asked
        content["guide"] = {
            kind: {"steps": asked.steps[kind], "seconds": round(asked.seconds[kind], 1)}
            for kind in asked.steps
        } | {"shapes_missing": asked.missing()}
    return content


def _names(of: Survey, group: list[int]) -> list[str]:
    return [of.names[index] for index in group]


def _quantiles(of: Survey, figure: str) -> dict[str, float]:
    places = (0.01, 0.05, 0.5, 0.95, 0.99)
    values = np.quantile(of.column(figure), places).tolist()
    return {f"{place:.0%}": round(value, 4) for place, value in zip(places, values, strict=True)}
