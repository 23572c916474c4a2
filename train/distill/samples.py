"""Pictures of a student as it learns: v, the teacher's picture, its own; and how near it comes."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from train.data import to_float, to_uint8
from train.distill.config import DistillConfig
from train.distill.losses import EQUAL
from train.distill.pairs import Pairs
from train.distill.state import StudentState
from train.evaluate.picture import sheet, write
from train.runs import BATCH, Images
from train.task import Sample

MEASURED, COLUMNS = 64, 8
MAGNIFIED = 4
"""How many times the difference is shown."""


class Samples:
    """Some v, always the same ones, spread evenly over their set."""

    def __init__(self, pairs: Pairs, config: DistillConfig, state: StudentState) -> None:
        self._pairs, self._config, self._state = pairs, config, state

    @cached_property
    def _shown(self) -> tuple[Images, Images]:
        """v and the teacher's pictures; asked for once, since a large teacher takes its time."""
        count = min(MEASURED, len(self._pairs))
        picks = np.linspace(0, len(self._pairs) - 1, count).round().astype(int).tolist()
        parts = [self._pairs.at(picks[i : i + BATCH]) for i in range(0, count, BATCH)]
        v, pictures = zip(*parts, strict=True)
        return to_uint8(torch.cat(v)), to_uint8(torch.cat(pictures))

    def draw(self) -> Sample:
        """Write out/samples/step-NNNNNNN.png; tell the averaged student's PSNR to the teacher."""
        v, teacher = self._shown
        student = self._student(v)
        told = f"{psnr_db(student, teacher):.1f} dB to the teacher on {len(v)} v"
        told += " that it does not learn from" if self._config.unseen else " that it learns from"
        columns = np.linspace(0, len(v) - 1, min(COLUMNS, len(v))).round().astype(int)
        difference = np.abs(student.astype(int) - teacher)
        rows = {
            "v": v,
            "teacher": teacher,
            "student": student,
            f"difference x{MAGNIFIED}": (MAGNIFIED * difference).clip(0, 255).astype(np.uint8),
        }
        step = self._state.step
        path: Path = self._config.out / "samples" / f"step-{step:07d}.png"
        cells = [[images[i] for i in columns] for images in rows.values()]
        names = [f"v{i + 1}" for i in columns]
        write(path, sheet(cells, list(rows), names, f"step {step}: {told}", gaps_above=[3]))
        return Sample(path=path, told=told)

    @torch.no_grad()
    def _student(self, v: Images) -> Images:
        network = self._state.content_ema
        device = next(network.parameters()).device
        batches = (to_float(v[i : i + BATCH]).to(device) for i in range(0, len(v), BATCH))
        return np.concatenate([to_uint8(network(batch)) for batch in batches])


def psnr_db(a: Images, b: Images) -> float:
    """Of all pictures together; equal ones are told to be 106 dB alike."""
    square = float(np.square(a.astype(float) - b).mean()) / 127.5**2
    return float(10 * np.log10(4 / max(square, EQUAL)))
