"""All figures of an experiment as JSON and as a table for the terminal."""

from __future__ import annotations

import math
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich import box
from rich.table import Table

from train.synthetic.config import SETTINGS, SyntheticConfig
from train.synthetic.experiment import Experiment
from train.synthetic.identify import turned_solutions
from train.synthetic.kind import Group
from train.synthetic.measure import CONVERGED_BELOW, MEANING, Figures, final
from train.synthetic.state import Curves
from train.synthetic.statistics import Difference, Floats, Spread, difference, spread

SIGNED = ("rho_r", "rho_c", "leak", "rank_r", "rank_c", "rank_leak")
"""Figures whose sign is arbitrary; over seeds their size is looked at."""
CURVE_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One kind of run, over its seeds."""

    group: Group
    seeds: dict[str, Floats]
    """Name -> float[seeds], as measured."""
    curves: dict[str, Floats]
    """Name -> float[points,quantiles]."""

    def sizes(self, name: str) -> Floats:
        """float[seeds], without the sign where it is arbitrary."""
        return np.abs(self.seeds[name]) if name in SIGNED else self.seeds[name]

    @property
    def converged(self) -> float:
        return float(self.seeds["converged"].mean())

    def spread(self, name: str, converged_only: bool = False) -> Spread:
        values = self.sizes(name)
        return spread(values[self.seeds["converged"] == 1] if converged_only else values)


def outcomes(experiment: Experiment, curves: Curves) -> list[Outcome]:
    stacked = {name: torch.stack(column) for name, column in curves.values.items()}
    return [
        Outcome(
            kind.group,
            _as_floats(final(kind)),
            {
                name: _quantiles(name, column[:, kind.group.rows].numpy())
                for name, column in stacked.items()
            },
        )
        for kind in experiment.kinds
    ]


def pairs(results: list[Outcome]) -> list[tuple[Outcome, Outcome]]:
    """Uncooperative and cooperative runs of the same setting and data."""
    half = len(results) // 2  # rows are in the order of methods first
    return list(zip(results[:half], results[half:], strict=True))


def as_json(
    config: SyntheticConfig, results: list[Outcome], curves: Curves, seconds: float
) -> dict[str, Any]:
    """The content of synthetic.json; figures that are not finite become null."""
    content = {
        "version": 1,
        "config": {**asdict(config), "out": str(config.out)},
        "settings": {name: asdict(SETTINGS[name]) for name in config.settings},
        "machine": machine(config.threads),
        "training_s": round(seconds, 1),
        "training_s_per_1000_steps": round(1000 * seconds / config.steps, 2),
        "meaning": {**MEANING, "converged": f"1: l_v, l_c, off_c, off_v below {CONVERGED_BELOW}"},
        "identifiability": [solution.as_json() for solution in turned_solutions(config.data)],
        "curve_steps": curves.steps,
        "curve_quantiles": CURVE_QUANTILES,
        "runs": [_run_json(outcome) for outcome in results],
        "uncooperative_minus_cooperative": [
            {
                "setting": one.group.setting,
                "data": one.group.data,
                **{name: paired(one, other, name).as_json() for name in SIGNED},
            }
            for one, other in pairs(results)
        ],
    }
    return dict(_finite(content))


def paired(one: Outcome, other: Outcome, name: str) -> Difference:
    return difference(one.sizes(name), other.sizes(name))


def machine(threads: int) -> dict[str, object]:
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": threads,
        "torch": torch.__version__,
        "system": platform.platform(),
    }


def table(results: list[Outcome]) -> Table:
    """Medians over seeds of the sizes of the correlations; quartiles of the first."""
    note = "Medians over seeds of sizes of correlations (quartiles)."
    shown = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False, caption=note)
    for title in ("setting", "data", "method"):
        shown.add_column(title, no_wrap=True)
    for title in ("conv.", "ρ(R,R')", "ρ(C,C')", "ρ(C,R')", "|v-v'|"):
        shown.add_column(title, justify="right", no_wrap=True)
    for pair in pairs(results):
        for outcome in pair:
            found, group = outcome.spread("rho_r"), outcome.group
            shown.add_row(
                group.setting,
                group.data,
                group.method,
                f"{outcome.converged:.0%}",
                f"{found.median:.2f} ({found.quartiles[0]:.2f}-{found.quartiles[1]:.2f})",
                f"{outcome.spread('rho_c').median:.2f}",
                f"{outcome.spread('leak').median:.2f}",
                f"{outcome.spread('l_v').median:.3f}",
            )
    return shown


def _run_json(outcome: Outcome) -> dict[str, Any]:
    group = outcome.group
    return {
        "method": group.method,
        "setting": group.setting,
        "data": group.data,
        "converged": outcome.converged,
        "over_seeds": {name: outcome.spread(name).as_json() for name in MEANING},
        "over_converged_seeds": {name: outcome.spread(name, True).as_json() for name in MEANING},
        "seeds": {name: values.tolist() for name, values in outcome.seeds.items()},
        "curves": {name: values.tolist() for name, values in outcome.curves.items()},
    }


def _as_floats(figures: Figures) -> dict[str, Floats]:
    return {name: values.double().numpy() for name, values in figures.items()}


def _quantiles(name: str, values: Floats) -> Floats:
    """float[points,seeds] -> float[points,quantiles]; a diverged run counts as the worst."""
    sizes = np.abs(values) if name in SIGNED else values
    worst = 0.0 if name in SIGNED else np.inf
    sizes = np.where(np.isfinite(sizes), sizes, worst)
    return np.quantile(sizes, CURVE_QUANTILES, axis=1, method="nearest").T


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _finite(value: Any) -> Any:
    """The same with null for what JSON has no number for, and six digits of each number."""
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
