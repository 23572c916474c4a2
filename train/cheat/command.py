"""What `python -m train cheat` does: the three tests on one run or two, tables, JSON, pictures."""

from __future__ import annotations

import json
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from train.cheat import CheatConfig
from train.cheat.crossed import Reading, crossed
from train.cheat.honesty import Point, honesty
from train.cheat.matched import Matched, matched
from train.cheat.material import Material, load_material
from train.cheat.pictures import crossed_picture, honesty_picture, matched_picture
from train.evaluate.bootstrap import Figure
from train.evaluate.picture import write
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


def cheat(config: CheatConfig) -> dict[str, Any]:
    """Test, print, write. Returns what cheat.json holds. Raises `TrainError`."""
    torch.set_num_threads(config.threads)
    paths = [config.run] if config.other is None else [config.run, config.other]
    runs = load_runs(paths, averaged=False)
    material = load_material(config.data, runs[0].size, config.count, config.seed)
    pairs = {run.name: matched(run, material) for run in runs}
    readings = crossed(runs, material)
    curves = {run.name: honesty(run, material, config.seed) for run in runs}

    _print(pairs, readings, curves, material)
    found = {
        "data": str(config.data),
        "images": len(material.v),
        "errors": f"mean |.| on the -1..1 scale, {'mouth' if material.mouth else 'whole image'}",
        "runs": {run.name: {"method": run.method, "step": run.step} for run in runs},
        "matched": {
            name: {key: f.to_json() for key, f in one.figures.items()}
            for name, one in pairs.items()
        },
        "crossed": [_reading_json(reading) for reading in readings],
        "honesty": {name: [_point_json(p) for p in points] for name, points in curves.items()},
    }
    write(config.out / "cheat.json", (json.dumps(found, indent=2) + "\n").encode())
    write(config.out / "matched.png", matched_picture(pairs, material))
    write(config.out / "crossed.png", crossed_picture(readings, material))
    write(config.out / "honesty.png", honesty_picture(curves))
    Console().print(f"{config.out}: cheat.json, matched.png, crossed.png, honesty.png")
    return found


def _print(
    pairs: dict[str, Matched],
    readings: list[Reading],
    curves: dict[str, list[Point]],
    material: Material,
) -> None:
    console = Console()
    where = "the mouth" if material.mouth else "the whole image"
    table = Table("", *pairs, title=f"Matched and mismatched: errors in {where}, -1..1 scale")
    for key, name in ROWS.items():
        if all(key in one.figures for one in pairs.values()):
            table.add_row(name, *(_text(one.figures[key]) for one in pairs.values()))
    console.print(table)
    table = Table(title="v_ij = E(c_i, r_j) read by each D_C")
    for head in ("v_ij made by", "c_i", "read by", "to i", "to j", "nearer to i"):
        table.add_column(head, overflow="fold")
    for r in readings:
        nearer = f"{100 * r.reads_i.value:.0f} %"
        table.add_row(r.maker, r.content, r.reader, _text(r.to_i), _text(r.to_j), nearer)
    console.print(table)
    table = Table("", *(f"{name}: {loss}" for name in curves for loss in ("l_v", "l_c")),
                  title="Times the undisturbed reconstruction error")  # fmt: skip
    for points in zip(*curves.values(), strict=True):
        rises = [rise for point in points for rise in (point.rise_v, point.rise_c)]
        table.add_row(f"{points[0].kind} {points[0].level}", *(f"{f.value:.3f}" for f in rises))
    console.print(table)


def _text(figure: Figure) -> str:
    return f"{figure.value:.4f} [dim]±{(figure.high - figure.low) / 2:.4f}[/dim]"


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
