"""`DistillConfig`: everything that decides a run of `distill`; stored in each of its checkpoints.

Nothing here imports torch, so that `--help` is there at once.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import tyro

from train.config import NetworkConfig, RunOptions
from train.errors import TrainError

METHOD = "distilled"


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentNetwork(NetworkConfig):
    """A `NetworkConfig` that may leave its size to the teacher."""

    size: int | None = None  # type: ignore[assignment]  # settled before anybody asks for it
    """Height and width of the student's images, pixels, a multiple of 4; None is the teacher's. A
    smaller one must divide the teacher's. A larger one is for teachers of the fast family."""

    def __post_init__(self) -> None:
        if self.size is not None:
            self.settled(self.size)

    def settled(self, size: int) -> NetworkConfig:
        """With a size: its own, or else `size`. Raises `TrainError`."""
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(NetworkConfig)}
        return NetworkConfig(**fields | {"size": self.size or size})


@dataclass(frozen=True, slots=True, kw_only=True)
class DistillWeights:
    """What a student is to lower: |c' - t| and what is here, t being the teacher's picture."""

    detail: float = 1.0
    """Weight of the mean |.| between the detail bands of c' and t (Haar wavelet): edges, of which
    the mean over all pixels says little."""
    levels: int = 2
    """Octaves of detail: 1 is edges of a pixel, 2 is edges of two as well, and so on. The size must
    be a multiple of 2 to this power."""
    gan_weight: float = 0.0
    """Weight of (A_C(c') - 1)^2, where A_C learns to tell the student's pictures from the
    teacher's. 0: there is no A_C, and a step takes less time."""

    def __post_init__(self) -> None:
        if self.levels < 1:
            raise TrainError(f"levels must be at least 1, got {self.levels}; --detail 0 is without")
        for name in ("detail", "gan_weight"):
            if getattr(self, name) < 0:
                raise TrainError(f"{name} must be at least 0, got {getattr(self, name)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DistillOptions(RunOptions):
    """What a run of `distill` is made of, but for its teacher and its images."""

    weights: Annotated[DistillWeights, tyro.conf.arg(name="")] = field(
        default_factory=DistillWeights
    )
    lr: float = 2e-3
    """Adam's learning rate of the student; above that of `fit`, for there is no game to lose."""
    adversary_lr: float = 4e-4
    """Adam's learning rate of A_C, if --gan-weight asks for one."""
    init: Path | None = None
    """A run to take the student's first weights from, its averaged D_C, or a bundle: of the same
    network, or one without --refined."""
    unseen: Path | None = None
    """Images of V (or a video, or sessions) that the student does not learn from. How near it comes
    to the teacher is measured on them, and sample pictures show them; None: on V itself."""
    keep_pictures: bool = True
    """Keep the teacher's picture of each v in out/cache, in bytes, so that a large teacher is asked
    once for each. Without effect with --jitter-px, where no v comes twice, or several processes. On
    a GPU, or where V is far larger than what the steps take of it, it may be faster without."""

    def __post_init__(self) -> None:
        RunOptions.__post_init__(self)  # a slotted dataclass has no super() without arguments
        for name in ("lr", "adversary_lr"):
            if getattr(self, name) < 0:
                raise TrainError(f"{name} must be at least 0, got {getattr(self, name)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Teacher:
    """The D_C that a student learns from. A student's checkpoints keep this and its weights, for
    the run that it came from may train on, move, or be deleted."""

    path: Path
    """The run, or its checkpoint, that was given."""
    run: str
    """The run's name."""
    step: int
    method: str
    """That of its training."""
    network: NetworkConfig
    sources: tuple[Path, ...]
    """The V that it was trained on; if it is a student itself, its teacher's as well."""
    stages: tuple[dict[str, Any], ...]
    """What led to it, from the first run on; see `lineage`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DistillConfig(DistillOptions):
    """A run: its teacher, its images, and what it is made of."""

    teacher: Teacher
    v: Path
    """Folder of headset-camera images, domain V; or a video, or recorded sessions."""

    @property
    def method(self) -> str:
        """As `FitConfig` says it."""
        return METHOD

    @property
    def decoded_size(self) -> int:
        """Side of the images that the teacher is given; the student may see smaller copies."""
        return max(self.network.size, self.teacher.network.size)

    @property
    def teacher_network(self) -> NetworkConfig:
        """The teacher as it is asked: as `python -m export --size` would make a bundle of it, if
        the student is larger."""
        return self.teacher.network.at(self.decoded_size)

    def __post_init__(self) -> None:
        DistillOptions.__post_init__(self)
        size, of_teacher = self.network.size, self.teacher.network.size
        if size < of_teacher and of_teacher % size:
            raise TrainError(
                f"--size {size}: the teacher sees v at {of_teacher}: give a size that divides that"
            )
        try:
            _ = self.teacher_network
        except TrainError as error:
            raise TrainError(
                f"{error}, and it is the teacher: distil at --size {of_teacher}, or less. "
                "`python -m export --size` makes larger bundles of a fast student"
            ) from error
        if size % 2**self.weights.levels:
            raise TrainError(
                f"--levels {self.weights.levels}: size {size} is no multiple of "
                f"{2**self.weights.levels}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class DistillArguments(DistillOptions):
    """Train a small D_C, the student, to paint what a trained run's D_C paints.

    Needs no renders, no truth and no pairs: any v will do, and the teacher says what is to come of
    it. The result is a run like any other, for export and evaluate. One that was stopped goes on
    when it is started again with the same --out.
    """

    teacher: Path
    """A run of `python -m train fit` (or of `distill`), or one of its checkpoints."""
    network: Annotated[StudentNetwork, tyro.conf.arg(name="")] = field(
        default_factory=StudentNetwork
    )
    v: Path | None = None
    """Folder of headset-camera images, domain V; or a video, or recorded sessions. None: what the
    teacher was trained on, seen as it was."""
