"""What led to a checkpoint, from the first run on: a run may start from another (--init), and a
student has learnt from a teacher."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from train import checkpoint
from train.checkpoint import Checkpoint
from train.distill.config import DistillConfig
from train.errors import BadCheckpoint


def stages(saved: Checkpoint) -> list[dict[str, Any]]:
    """Each run as JSON: its name, method, size in pixels, steps, batch, hours trained."""
    config = saved.config
    stage = {
        "run": config.out.name,
        "method": config.method,
        "size": config.network.size,
        "steps": saved.step,
        "batch": config.batch,
        "hours": round(saved.progress.get("seconds", 0.0) / 3600, 2),
    }
    before = _before(config.init)
    if isinstance(config, DistillConfig):
        before = [*config.teacher.stages, *before]
        stage["teacher"] = {"run": config.teacher.run, "step": config.teacher.step}
    return [*before, stage]


def sources(saved: Checkpoint) -> tuple[Path, ...]:
    """The V that it was trained on, its own first; of a student, then those of its teacher."""
    config = saved.config
    of_teacher = config.teacher.sources if isinstance(config, DistillConfig) else ()
    return tuple(dict.fromkeys([config.v, *of_teacher]))


def _before(init: Path | None) -> list[dict[str, Any]]:
    if init is None:
        return []
    try:
        return stages(checkpoint.load(init))
    except BadCheckpoint:
        return [{"run": init.name, "hours": 0.0, "note": "no longer there"}]
