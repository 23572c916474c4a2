"""`FitConfig`: everything that decides a training run; stored in each of its checkpoints."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import tyro

from train.cycles import LossWeights
from train.errors import TrainError
from train.networks import NetworkConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class FitConfig:
    """Learn D and E from unpaired images of V and C."""

    v: Path
    """Folder of headset-camera images, domain V."""
    c: Path
    """Folder of avatar renders, domain C."""
    out: Path
    """Folder of the run: checkpoints, log, samples. An existing run goes on from its checkpoint."""
    method: Literal["uncooperative", "cooperative"] = "uncooperative"
    """uncooperative: the paper. cooperative: the same networks and losses, nothing frozen."""
    network: Annotated[NetworkConfig, tyro.conf.arg(name="")] = field(default_factory=NetworkConfig)
    weights: Annotated[LossWeights, tyro.conf.arg(name="")] = field(default_factory=LossWeights)
    steps: int = 20_000
    """Generator steps of the whole run. The paper takes up to 300,000."""
    batch: int = 4
    """Images of each domain in a step."""
    lr: float = 2e-4
    """Adam's learning rate of D and of E."""
    adversary_lr: float = 2e-4
    """Adam's learning rate of A_C and A_V."""
    decay: float = 0.4
    """The last part of the run in which the learning rates fall linearly to zero."""
    history: int = 50
    """Generated images kept for each adversary."""
    ema: float = 0.998
    """Decay per step of the averaged D_C that export takes."""
    seed: int = 0
    """Decides weights, order of images, and every other draw."""
    threads: int = 1
    """OpenMP threads. Set on purpose: on a busy machine two can be far slower than one."""
    init: Path | None = None
    """A run to take the networks from (not its optimisers): for a second stage."""
    checkpoint_every: int = 500
    """Steps between checkpoints."""
    keep: int = 2
    """Checkpoints kept."""
    sample_every: int = 500
    """Steps between pictures in out/samples."""

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "history", "threads", "checkpoint_every", "keep"):
            if getattr(self, name) < 1:
                raise TrainError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 <= self.decay <= 1:
            raise TrainError(f"decay is a part of the run, 0 to 1; got {self.decay}")

    def lr_factor(self, step: int) -> float:
        """What the learning rates are multiplied with at `step`: 1, then linearly to 0."""
        decay_steps = max(1, round(self.steps * self.decay))
        return min(1.0, (self.steps - step) / decay_steps)
