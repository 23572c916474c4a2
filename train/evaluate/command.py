"""What `python -m train evaluate` does: measure each run, compare, print, write."""

from __future__ import annotations

import json

import numpy as np
import torch
from rich.console import Console

from train.errors import BadCheckpoint, BadData
from train.evaluate import EvaluateConfig, simulated
from train.evaluate.bench import Bench
from train.evaluate.expression import r2_per_shape
from train.evaluate.page import page
from train.evaluate.picture import write, write_picture
from train.evaluate.reader import MIN_R2, Reader, load_reader
from train.evaluate.regressor import RegressorConfig, source, train_reader
from train.evaluate.report import Report
from train.evaluate.table import markdown, print_report
from train.runs import load_runs

READER_SIZE = 64
"""Pixels at which a set's own regressor sees images, or the runs' size if that is less."""


def evaluate(config: EvaluateConfig) -> Report:
    """Raises `TrainError`."""
    torch.set_num_threads(config.threads)
    runs = load_runs(config.runs, size=config.size)
    size = runs[0].size
    notes: list[str] = []
    reader = _reader(config, size, notes)
    bench = Bench(config.data, size, config.count, config.seed, reader)
    rows = [bench.baseline(), *(bench.run(run) for run in runs), bench.ceiling()]
    report = Report(
        config=config,
        size=size,
        images=len(bench.pairs.names),
        unit=bench.pairs.unit,
        rows=rows,
        reader=reader,
        notes=notes + _notes(bench, reader),
        picture=bench.picture(),
    )
    print_report(report, Console())
    if config.json:
        write(config.json, (json.dumps(report.to_json(), indent=2) + "\n").encode())
    if config.markdown:
        write(config.markdown, markdown(report).encode())
    if config.html:
        write(config.html, page(report).encode())
    if config.picture:
        write_picture(config.picture, report.picture)
    return report


def _notes(bench: Bench, reader: Reader | None) -> list[str]:
    notes = []
    if reader is not None:
        notes.append(
            f"Expression is read by a regressor of {reader.renders} renders, which reaches R² "
            f"{reader.mean_r2:.3f} on those it has not seen (mean of {len(reader.r2)} shapes)."
        )
    if bench.clip is None:
        notes.append("Flicker is not measured: the set has no clip (simulate --clip 10).")
    in_v = bench.expression_in_v()
    if {"expression_in_r", "jaw_open_in_r"} <= in_v.keys():
        notes.append(
            "For scale: on the pixels of v, pooled to 8x8, the probes of r find R² "
            f"{in_v['expression_in_r'].value:.3f} for the expression and "
            f"{in_v['jaw_open_in_r'].value:.3f} for jawOpen."
        )
    return notes


def _reader(config: EvaluateConfig, size: int, notes: list[str]) -> Reader | None:
    """The regressor that was asked for, or the set's own. A poor one is refused: an error if it was
    asked for, else a note, and the expression is not measured."""
    if config.regressor is not None:
        reader = load_reader(config.regressor)
        reader.check()
        _check_on_set(reader, config)
        return reader
    try:
        reader = _own_reader(config, min(size, READER_SIZE))
        reader.check()
    except BadData as error:
        notes.append(f"Expression is not measured: {error}")
        return None
    return reader


def _own_reader(config: EvaluateConfig, size: int) -> Reader:
    """Trained on the set's renders, once; kept beside them."""
    path = config.data / f"regressor-{size}.safetensors"
    settings = RegressorConfig(data=config.data, out=path, size=size, threads=config.threads)
    if path.exists():
        try:
            kept = load_reader(path)
            if kept.source == source(settings):
                return kept
        except BadCheckpoint as error:
            Console(stderr=True).print(f"{error}; training it again")
    reader = train_reader(settings)
    reader.save(path)
    return reader


def _check_on_set(reader: Reader, config: EvaluateConfig) -> None:
    """Another avatar, or another camera, makes a good regressor useless."""
    names, renders = simulated.load_renders(config.data, reader.size)
    shapes, truth = simulated.load_coefficients(config.data, "c", names)
    missing = sorted(set(shapes) - set(reader.shapes))
    if missing:
        raise BadData(f"{config.regressor} does not know the shapes {', '.join(missing)}")
    order = [reader.shapes.index(shape) for shape in shapes]
    found = list(r2_per_shape(reader.read(renders)[:, order], truth, shapes).values())
    mean = float(np.mean(found)) if found else float("-inf")
    if not mean >= MIN_R2:
        raise BadData(
            f"{config.regressor} reads the renders of {config.data}/c with R^2 {mean:.2f}, below "
            f"{MIN_R2}: it was trained on another avatar or camera. Leave --regressor out, and one "
            "is trained for this set"
        )
