"""`Window`: the losses of the steps since the last row of the log, as running sums.

A checkpoint takes it along, so a resumed run writes the rows that an uninterrupted one would have.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from train.engine import Engine


class Window:
    """Sums on the device, so that adding to them waits for nothing."""

    def __init__(self) -> None:
        self.count = 0
        """Steps in it."""
        self._sums: dict[str, Tensor] = {}

    def add(self, losses: dict[str, Tensor]) -> None:
        self.count += 1
        for name, value in losses.items():
            self._sums[name] = self._sums[name] + value if name in self._sums else value

    def share(self, engine: Engine) -> None:
        """Make the sums those of all processes' images. Every process calls it at the same step."""
        if self._sums:
            shared = engine.mean(torch.stack(list(self._sums.values())))
            self._sums = dict(zip(self._sums, shared.unbind(), strict=True))

    def take(self) -> dict[str, float]:
        """The means, after which it is empty."""
        means = {name: value.item() / self.count for name, value in self._sums.items()}
        self._sums, self.count = {}, 0
        return means

    def state(self) -> dict[str, Any]:
        """For a checkpoint: JSON."""
        return {"count": self.count, "sums": {k: v.item() for k, v in self._sums.items()}}

    def load(self, state: dict[str, Any], engine: Engine) -> None:
        self.count = int(state["count"])
        self._sums = {k: engine.put(torch.tensor(v)) for k, v in state["sums"].items()}
