"""The state of an unfinished (or finished) experiment on disk, so that a stopped one goes on."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from train.errors import BadCheckpoint, NotSaved
from train.synthetic.config import SETTINGS, SyntheticConfig
from train.synthetic.experiment import Experiment
from train.synthetic.measure import CURVES, curve_point

FILE = "synthetic.safetensors"


class Curves:
    """Figures of all runs at some steps."""

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.values: dict[str, list[Tensor]] = {name: [] for name in CURVES}
        """Name -> float[rows] at each of the steps."""

    def add(self, experiment: Experiment) -> None:
        points = [curve_point(kind) for kind in experiment.kinds]
        self.steps.append(experiment.done)
        for name, column in self.values.items():
            column.append(torch.cat([point[name] for point in points]))


def save(experiment: Experiment, curves: Curves, seconds: float) -> Path:
    """Write out/synthetic.safetensors in one piece. `seconds`: training time so far.

    Raises `NotSaved`; an earlier file is whole then.
    """
    config = experiment.config
    path = config.out / FILE
    tensors = {f"experiment.{name}": t for name, t in experiment.state().items()}
    tensors["curves.steps"] = torch.tensor(curves.steps)
    for name, column in curves.values.items():
        tensors[f"curves.{name}"] = torch.stack(column)  # [points,rows]
    header = {"config": json.dumps(_decisive(config)), "seconds": str(seconds)}
    partial = path.with_suffix(".partial")
    try:
        save_file(tensors, partial, metadata=header)
        partial.replace(path)
    except (OSError, SafetensorError) as error:
        raise NotSaved(f"{path} cannot be written: {error}; free some space and repeat") from error
    return path


def load(experiment: Experiment, curves: Curves) -> float:
    """Take up what `save` wrote, if it did; returns its `seconds`, or 0.

    Raises `BadCheckpoint` where the folder holds another experiment.
    """
    path = experiment.config.out / FILE
    if not path.exists():
        return 0.0
    try:
        with safe_open(path, "pt") as file:
            header = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise BadCheckpoint(f"{path} cannot be read: {error}; delete it to start anew") from error
    kept, asked = json.loads(header["config"]), _decisive(experiment.config)
    if kept != asked:
        names = ", ".join(name for name in asked if kept.get(name) != asked[name])
        raise BadCheckpoint(
            f"{path} is of a run with another {names}: choose another --out, or delete it"
        )
    prefix = "experiment."
    experiment.load_state(
        {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}
    )
    curves.steps = tensors["curves.steps"].tolist()
    curves.values = {name: list(tensors[f"curves.{name}"]) for name in CURVES}
    return float(header["seconds"])


def _decisive(config: SyntheticConfig) -> dict[str, object]:
    """What decides the result, as JSON would give it back."""
    fields = {k: v for k, v in asdict(config).items() if k not in ("out", "threads")}
    fields["settings"] = {name: asdict(SETTINGS[name]) for name in config.settings}
    return dict(json.loads(json.dumps(fields)))
