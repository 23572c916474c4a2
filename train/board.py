"""TensorBoard beside the report, for those who have it: the same rows and pictures."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from calibration.opencv import cv2
from train.alarms import Row

FOLDER = "tensorboard"


def installed() -> bool:
    return find_spec("tensorboard") is not None


class Board:
    """An event file in out/tensorboard. What a killed run wrote after its last checkpoint is
    declared void."""

    def __init__(self, out: Path, step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter  # seconds, and only where it is wanted

        self._writer = SummaryWriter(str(out / FOLDER), purge_step=step + 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._writer.close()

    def row(self, row: Row) -> None:
        for name, value in row.items():
            if name != "step":
                self._writer.add_scalar(name, value, int(row["step"]))

    def picture(self, path: Path, step: int) -> None:
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        assert image is not None, path
        rgb = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
        self._writer.add_image("samples", rgb, step, dataformats="HWC")
