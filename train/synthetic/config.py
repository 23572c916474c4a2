"""`SyntheticConfig`: what the synthetic experiment runs; the settings by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from train.errors import TrainError

Method = Literal["uncooperative", "cooperative"]
SettingName = Literal["paper", "balanced"]
DataName = Literal["isotropic", "shapes", "clusters"]

METHODS: tuple[Method, ...] = ("uncooperative", "cooperative")
HIDDEN = 32
"""Units of each network's one hidden layer (Sec. 3.5)."""
ADVERSARY_SLOPE = 0.2
"""LeakyReLU of the adversaries, as in the image adversaries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What weighs how much (Eqs. 1 and 2), and how fast the adversaries learn."""

    lambda_v: float
    lambda_c: float
    lambda_r: float
    gan_weight: float
    adversary_lr: float


SETTINGS: dict[SettingName, Setting] = {
    "paper": Setting(lambda_v=10, lambda_c=10, lambda_r=0.1, gan_weight=0.5, adversary_lr=2e-4),
    "balanced": Setting(lambda_v=1, lambda_c=1, lambda_r=1, gan_weight=1, adversary_lr=1e-3),
}
"""paper: Sec. 3.5 to the letter. balanced: every term weighs 1 and the adversaries keep up with the
generators, so that uncooperative training converges."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticConfig:
    """Repeat the paper's synthetic experiment (Sec. 4.1, Fig. 4) over many seeds at once."""

    out: Path
    """Folder for synthetic.json and synthetic.png."""
    seeds: int = 64
    """Runs of each kind. A seed decides first weights and samples, for all kinds alike."""
    first_seed: int = 0
    """The seeds are this one and those after it."""
    settings: tuple[SettingName, ...] = ("paper",)
    """paper: the published weights. balanced: all weights 1, adversaries at 1e-3."""
    data: tuple[DataName, ...] = ("isotropic",)
    """isotropic: the paper's two Gaussians. shapes: an exponential c, a uniform r. clusters: each
    factor in two clusters of unequal weight, which only the true factors can reproduce."""
    steps: int = 60_000
    """Steps of every run."""
    batch: int = 128
    """Samples of each domain in a step."""
    lr: float = 2e-4
    """Adam's learning rate of D and of E."""
    decay: float = 0.4
    """The last part of the run in which the learning rates fall linearly to zero."""
    points: int = 120
    """Points of each curve."""
    threads: int = 2
    """OpenMP threads. On a busy machine one is faster than two."""

    def __post_init__(self) -> None:
        for name in ("seeds", "steps", "batch", "points", "threads"):
            if getattr(self, name) < 1:
                raise TrainError(f"--{name} must be at least 1, got {getattr(self, name)}")
        if self.first_seed < 0:
            raise TrainError(f"--first-seed must not be negative, got {self.first_seed}")
        for name in ("settings", "data"):
            chosen = getattr(self, name)
            if not chosen or len(set(chosen)) != len(chosen):
                raise TrainError(f"--{name} takes one or more names, each once; got {chosen}")
        if not 0 <= self.decay <= 1:
            raise TrainError(f"--decay is a part of the run, 0 to 1; got {self.decay}")
        if not self.lr > 0:
            raise TrainError(f"--lr must be above 0, got {self.lr}")

    def lr_factor(self, step: int) -> float:
        """What the learning rates are multiplied with at `step`: 1, then linearly to 0."""
        decay_steps = max(1, round(self.steps * self.decay))
        return min(1.0, (self.steps - step) / decay_steps)
