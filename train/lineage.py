"""What led to a checkpoint, from the first run on: a run may start from another (--init), and a
student has learnt from a teacher."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from train import bundled, checkpoint
from train.checkpoint import Checkpoint
from train.distill.config import DistillConfig
from train.errors import BadCheckpoint

MOST_STAGES = 16
"""That are looked for behind a run: a stranger's may have begun with itself."""


def stages(saved: Checkpoint, after: int = 0) -> list[dict[str, Any]]:
    """Each run as JSON: its name, method, size in pixels, steps, batch, hours trained. `after`: how
    many of its successors are known."""
    config = saved.config
    stage = {
        "run": config.out.name,
        "method": config.method,
        "size": config.network.size,
        "steps": saved.step,
        "batch": config.batch,
        "hours": round(_number(saved.progress.get("seconds")) / 3600, 2),
    }
    before = _before(config.init, after + 1)
    if isinstance(config, DistillConfig):
        before = [*config.teacher.stages, *before]
        stage["teacher"] = {"run": config.teacher.run, "step": config.teacher.step}
    return [*before, stage]


def sources(saved: Checkpoint) -> tuple[Path, ...]:
    """The V that it was trained on, its own first; of a student, then those of its teacher."""
    config = saved.config
    of_teacher = config.teacher.sources if isinstance(config, DistillConfig) else ()
    return tuple(dict.fromkeys([config.v, *of_teacher]))


def credit_lines(saved: Checkpoint) -> tuple[str, ...]:
    """Those of the bundle that its first run began with, if it did and the bundle is there yet."""
    init = saved.config.init
    for _ in range(MOST_STAGES):
        if init is None:
            break
        try:
            if bundled.is_bundle(init):
                return bundled.credit_lines(init)
            init = checkpoint.load(init).config.init
        except BadCheckpoint:
            break
    return ()


def hours(stages: Iterable[dict[str, Any]]) -> float:
    """That all of them trained."""
    return round(sum(_number(stage.get("hours")) for stage in stages), 2)


def _before(init: Path | None, after: int) -> list[dict[str, Any]]:
    if init is None or after > MOST_STAGES:
        return []
    try:
        if bundled.is_bundle(init):
            return bundled.stages(init)[-MOST_STAGES:]
        return stages(checkpoint.load(init), after)
    except BadCheckpoint:
        return [{"run": init.name, "hours": 0.0, "note": "no longer there"}]


def _number(value: object) -> float:
    """What a checkpoint holds, or 0 where a stranger's holds no time."""
    return value if isinstance(value, int | float) and 0 <= value < 1e12 else 0.0
