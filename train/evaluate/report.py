"""`Report`: all that an evaluation found out, and its JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from train.evaluate import EvaluateConfig
from train.evaluate.bench import Row
from train.evaluate.bootstrap import Figure, over_runs
from train.evaluate.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Rows of figures and what one has to know to read them."""

    config: EvaluateConfig
    size: int
    images: int
    unit: str
    """What intervals are resampled over: "image" or "session"."""
    rows: list[Row]
    reader: Reader | None
    notes: list[str]
    """What was not measured, and why; what a figure is to be held against."""
    picture: bytes
    """PNG."""

    @property
    def runs(self) -> list[Row]:
        return [row for row in self.rows if row.kind == "run"]

    def differences(self) -> dict[str, dict[str, Figure]]:
        """Run -> its figures less those of the first run, resampled together."""
        first, *others = self.runs
        return {
            row.name: {
                key: figure.minus(first.figures[key])
                for key, figure in row.figures.items()
                if key in first.figures and figure.samples is not None
            }
            for row in others
        }

    def methods(self) -> dict[str, dict[str, Figure]]:
        """Method with several runs (seeds) -> mean of each figure, by `over_runs`."""
        grouped: dict[str, list[Row]] = {}
        for row in self.runs:
            grouped.setdefault(row.method, []).append(row)
        return {
            f"{method} ({len(rows)} runs)": {
                # A stream of its own for each method: their seeds have nothing to do with another.
                key: over_runs(
                    [row.figures[key] for row in rows],
                    np.random.default_rng([self.config.seed, index]),
                )
                for key in rows[0].figures
                if all(key in row.figures for row in rows)
            }
            for index, (method, rows) in enumerate(grouped.items())
            if len(rows) > 1
        }

    def method_differences(self) -> dict[str, dict[str, Figure]]:
        """Method -> its figures less those of the first method, resampled together."""
        if not (methods := self.methods()):
            return {}
        (first, held_against), *others = methods.items()
        return {
            f"{name} less {first}": {
                key: figure.minus(held_against[key])
                for key, figure in figures.items()
                if key in held_against and figure.samples is not None
            }
            for name, figures in others
        }

    def to_json(self) -> dict[str, Any]:
        reader = self.reader and {
            "mean_r2": self.reader.mean_r2,
            "r2": self.reader.r2,
            "renders": self.reader.renders,
            "size": self.reader.size,
        }
        rows = {
            row.name: {
                "kind": row.kind,
                "method": row.method,
                "step": row.step,
                "figures": _plain(row.figures),
                "r2_per_shape": row.shapes_r2,
            }
            for row in self.rows
        }
        return {
            "data": str(self.config.data),
            "size": self.size,
            "images": self.images,
            "intervals": f"95 %, bootstrap over {self.unit}s; of methods over runs as well",
            "notes": self.notes,
            "regressor": reader,
            "rows": rows,
            "difference_to_first_run": {k: _plain(f) for k, f in self.differences().items()},
            "methods": {k: _plain(f) for k, f in self.methods().items()},
            "difference_to_first_method": {
                k: _plain(f) for k, f in self.method_differences().items()
            },
        }


def _plain(figures: dict[str, Figure]) -> dict[str, dict[str, float]]:
    return {key: figure.to_json() for key, figure in figures.items()}
