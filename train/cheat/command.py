"""What `python -m train cheat` does: the three tests on each run, tables, JSON, pictures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from train.cheat import CheatConfig
from train.cheat.crossed import Reading, crossed
from train.cheat.honesty import Point, honesty
from train.cheat.matched import Matched, matched
from train.cheat.material import Material, load_material
from train.cheat.methods import crossed_of, group, honesty_of, matched_of
from train.cheat.pictures import crossed_picture, honesty_picture, matched_picture
from train.evaluate.bootstrap import Figure
from train.evaluate.picture import write, write_picture
from train.evaluate.table import markdown_table
from train.runs import load_runs

ROWS = {
    "back_to_v": "v' = E(c', r') to v",
    "mixed_to_v": "v2 = E(c, r') to v",
    "answer": "change of v2 per change of c",
    "translated_to_truth": "D_C(v) to the truth",
    "mean_of_c_to_truth": "mean of C to the truth",
    "decoded_to_c": "D_C(v2) to c",
    "decoded_to_translated": "D_C(v2) to D_C(v)",
    "decoding_gap": "gap: D_C(v2) to c, less D_C(v) to the truth",
}
"""Figure of `matched` -> how the table calls it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the tests found, by run or by method."""

    matched: dict[str, Matched]
    crossed: list[Reading]
    honesty: dict[str, list[Point]]

    def to_json(self) -> dict[str, Any]:
        return {
            "matched": {
                name: {key: f.to_json() for key, f in one.figures.items()}
                for name, one in self.matched.items()
            },
            "crossed": [_reading_json(reading) for reading in self.crossed],
            "honesty": {
                name: [_point_json(p) for p in points] for name, points in self.honesty.items()
            },
        }


def cheat(config: CheatConfig) -> dict[str, Any]:
    """Test, print, write. Returns what cheat.json holds. Raises `TrainError`."""
    torch.set_num_threads(config.threads)
    runs = load_runs(config.runs, averaged=False)
    material = load_material(config.data, runs[0].size, config.count, config.seed)
    pairs = {run.name: matched(run, material) for run in runs}
    readings = crossed(runs, material)
    curves = {run.name: honesty(run, material, config.seed) for run in runs}

    groups = group(runs)
    of_groups = Found(
        matched=matched_of(pairs, groups, config.seed),
        crossed=crossed_of(readings, groups, config.seed),
        honesty=honesty_of(curves, groups, config.seed),
    )
    tables = _tables(of_groups, material)
    for title, heads, rows in tables:
        _print(title, heads, rows)
    found = {
        "data": str(config.data),
        "images": len(material.v),
        "errors": f"mean |.| on the -1..1 scale, {'mouth' if material.mouth else 'whole image'}",
        "runs": {run.name: {"method": run.method, "step": run.step} for run in runs},
        **Found(matched=pairs, crossed=readings, honesty=curves).to_json(),
        "summed_up": {"groups": groups, **of_groups.to_json()},
    }
    write(config.out / "cheat.json", (json.dumps(found, indent=2) + "\n").encode())
    markdown = "\n".join(
        f"{title}\n\n{markdown_table(heads, rows)}" for title, heads, rows in tables
    )
    write(config.out / "cheat.md", markdown.encode())
    suffix = "jpg" if config.jpeg else "png"
    for name, picture in (
        ("matched", matched_picture(of_groups.matched, material)),
        ("crossed", crossed_picture(of_groups.crossed, material)),
        ("honesty", honesty_picture(of_groups.honesty)),
    ):
        write_picture(config.out / f"{name}.{suffix}", picture)
    Console().print(f"{config.out}: cheat.json, cheat.md; matched, crossed and honesty .{suffix}")
    return found


def _tables(found: Found, material: Material) -> list[tuple[str, list[str], list[list[str]]]]:
    """Title, heads and rows of each."""
    where = "the mouth" if material.mouth else "the whole image"
    by_figure = [
        [name, *(_text(one.figures[key]) for one in found.matched.values())]
        for key, name in ROWS.items()
        if all(key in one.figures for one in found.matched.values())
    ]
    by_reader = [
        [
            r.maker,
            r.content,
            r.reader,
            _text(r.to_i),
            _text(r.to_j),
            f"{100 * r.reads_i.value:.0f} ±{50 * (r.reads_i.high - r.reads_i.low):.0f} %",
        ]
        for r in found.crossed
    ]
    by_level = []
    for points in zip(*found.honesty.values(), strict=True):
        rises = [rise for point in points for rise in (point.rise_v, point.rise_c)]
        by_level.append([f"{points[0].kind} {points[0].level}", *(f"{f.value:.3f}" for f in rises)])
    return [
        (
            f"Matched and mismatched: errors in {where}, -1..1 scale",
            ["", *found.matched],
            by_figure,
        ),
        (
            "v_ij = E(c_i, r_j) read by each D_C",
            ["v_ij made by", "c_i", "read by", "to i", "to j", "nearer to i"],
            by_reader,
        ),
        (
            "Times the undisturbed reconstruction error",
            ["", *(f"{name}: {loss}" for name in found.honesty for loss in ("l_v", "l_c"))],
            by_level,
        ),
    ]


def _print(title: str, heads: list[str], rows: list[list[str]]) -> None:
    table = Table(title=title)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def _text(figure: Figure) -> str:
    return f"{figure.value:.4f} ±{(figure.high - figure.low) / 2:.4f}"


def _reading_json(reading: Reading) -> dict[str, Any]:
    return {
        "maker": reading.maker,
        "content": reading.content,
        "reader": reading.reader,
        "to_i": reading.to_i.to_json(),
        "to_j": reading.to_j.to_json(),
        "reads_i": reading.reads_i.to_json(),
    }


def _point_json(point: Point) -> dict[str, Any]:
    return {
        "kind": point.kind,
        "level": point.level,
        "l_v": point.l_v.to_json(),
        "l_c": point.l_c.to_json(),
        "rise_v": point.rise_v.to_json(),
        "rise_c": point.rise_c.to_json(),
    }
