"""`FitConfig`: everything that decides a run of `fit`; `RunOptions`, what runs of `distill` share.

Nothing here imports torch, so that `--help` is there at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal

import tyro

from train.errors import TrainError

Method = Literal["uncooperative", "cooperative", "cyclegan", "restoration"]
METHOD_NAMES: tuple[Method, ...] = ("uncooperative", "cooperative", "cyclegan", "restoration")


Family = Literal["fast", "paper"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfig:
    """What the networks are made of."""

    family: Annotated[Family, tyro.conf.arg(name="network")] = "fast"
    """fast: 1.02 GMAC at 256x256, for live use on a CPU. paper: the paper's, 25.4 GMAC."""
    size: int = 256
    """Height and width of the images, pixels; a multiple of 4."""
    seen: int | None = None
    """fast: side of the copy of the image that D and E work on, a divisor of size; they stretch the
    change that they find over the image itself. None is the image's own size."""
    refined: int | None = None
    """fast: side of a larger copy, a multiple of --seen and a divisor of size, on which D_C goes
    over what it made with that one. None: it does not."""
    enlarged: bool = False
    """fast, with --seen: D_C makes its picture as large as the copy, the larger one of two, and
    enlarges it by what it has learnt, instead of stretching a change over the image. That is
    quicker, and nothing of the camera's that is finer than the copy gets through."""
    width: int | None = None
    """Channels after the first convolution; None is 64 (paper, its ngf) or 32 (fast)."""
    content_width: int | None = None
    """fast: that of D_C alone, which has the most to do and runs live. None is width."""
    blocks: int = 4
    """Residual blocks of each generator; even. The paper has 4."""
    expansion: int = 1
    """fast: how many times wider D_C's residual blocks are inside than between one another."""
    norm: Literal["instance", "none"] = "instance"
    """Normalisation in D_C of the fast family, whose task is to take lighting out; the paper family
    has instance norm everywhere."""
    fuse: Literal["1x1", "3x3", "grow"] = "1x1"
    """How the paper family's E takes r in: "1x1" and "3x3" convolve back to its own width, "grow"
    carries the concatenated width on (42.9M parameters instead of the 16.6M that the paper's
    "similar to CycleGAN" asks for)."""
    adversary_width: int | None = None
    """Channels of the adversaries' first layer; None is 64 (paper) or 24 (fast)."""
    adversary_layers: int | None = None
    """Strided layers of the adversaries; None is 3 (70x70 receptive field), or 2 below 128."""
    residual: tyro.conf.Suppress[bool] = True
    """False: D finds no residual and E takes none, as in CycleGAN. The method decides."""

    @property
    def shrink(self) -> int:
        """How many times smaller than the image the copy is that the fast family works on."""
        return self.size // (self.seen or self.size)

    @property
    def refined_shrink(self) -> int | None:
        """The same of the copy that is gone over; None if there is none."""
        return self.size // self.refined if self.refined else None

    def at(self, size: int | None) -> NetworkConfig:
        """The same networks for images of another size, which is a multiple of the copy that they
        work on. None: as they are. Raises `TrainError` where there is no such size."""
        if size is None or size == self.size:
            return self
        seen = self.seen or self.size
        if self.enlarged:
            raise TrainError(f"--size {size}: this network has learnt to enlarge to {self.size}")
        if self.family != "fast" or size % seen or size % (self.refined or seen):
            copies = f"multiples of {seen}" + (f" and {self.refined}" if self.refined else "")
            raise TrainError(
                f"--size {size}: the {self.family} network of this run serves "
                + (copies if self.family == "fast" else f"{self.size} alone")
            )
        layers = self.strided_layers
        return replace(self, size=size, seen=seen, adversary_layers=layers)

    @property
    def needed_shrink(self) -> int:
        """How many times smaller a picture may be before D_C misses something."""
        return (self.refined_shrink or self.shrink) if self.enlarged else 1

    @property
    def strided_layers(self) -> int:
        """Of the adversaries, whether they were asked for or not."""
        return self.adversary_layers or (3 if self.size >= 128 else 2)

    def __post_init__(self) -> None:
        if self.size < 32 or self.size % 4:
            raise TrainError(f"size must be a multiple of 4, at least 32; got {self.size}")
        if self.seen is not None and (
            self.family != "fast" or self.seen < 32 or self.seen % 4 or self.size % self.seen
        ):
            raise TrainError(
                f"seen must be a multiple of 4, at least 32, that divides size {self.size}, and is "
                f"for the fast family alone; got {self.seen} of {self.family}"
            )
        if self.refined is not None and (
            self.seen is None
            or self.refined <= self.seen
            or self.refined % self.seen
            or self.size % self.refined
        ):
            raise TrainError(
                f"refined must be a multiple of seen, which must be given, and larger; and it "
                f"divides size {self.size}; got {self.refined} with seen {self.seen}"
            )
        if self.enlarged and (self.refined or self.seen or self.size) == self.size:
            raise TrainError(
                f"enlarged is for a network that works on a copy smaller than size {self.size}, "
                f"see seen; got seen {self.seen}, refined {self.refined}"
            )
        if self.blocks < 2 or self.blocks % 2:
            raise TrainError(f"blocks must be even and at least 2, got {self.blocks}")
        if self.expansion < 1 or (self.expansion > 1 and self.family != "fast"):
            raise TrainError(
                f"expansion must be at least 1, and is for the fast family; got {self.expansion} "
                f"of {self.family}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class LossWeights:
    """Eqs. 1-3. The paper's lambdas let the adversaries win at 128 pixels and more, and training
    collapses; these hold."""

    lambda_v: float = 1.0
    """Weight of |v - v'|. The paper: 10."""
    lambda_c: float = 1.0
    """Weight of |c - c'|. The paper: 10."""
    lambda_r: float = 0.3
    """Weight of |r - r'|. The paper: 0.1. It is what makes E paint r: more of it lights v' sooner,
    and at 1 from the start E may ignore c instead."""
    gan_weight: float = 0.5
    """Weight of the generators' least-squares terms: the 1/2 of Eq. 1."""
    restoration: float = 0.0
    """Weight of the error with which D_C finds a render under what was done to it, beside any
    method; see the method of that name. Not in the paper, which is 0. A stage that begins with a
    run of that method wants about 2, or D_C forgets what it has practised."""
    eigen_weight: float = 0.2
    """Practice: weight of the error along the eigenpictures of C, each relative to how far renders
    go along it, so that small movements are learnt as well as large ones; |c - c'| has 1."""
    identity: float = 0.0
    """Weight of |D_C(c) - c| and |E(v) - v|, which keep colours from turning over. For the cyclegan
    method alone; CycleGAN's own takes half of lambda where it takes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What every run is asked for, whatever it learns."""

    out: Path
    """Folder of the run: checkpoints, log, samples. An existing run goes on from its checkpoint."""
    profile: Path | None = None
    """Camera profile by which V is seen, if it is recorded sessions or a video; None: each session
    by the one that was in use when it was recorded."""
    network: Annotated[NetworkConfig, tyro.conf.arg(name="")] = field(default_factory=NetworkConfig)
    jitter_px: int = 0
    """Images are decoded this much larger, and each is cropped at a random place, alike in V and C.
    There are no flips: a face's asymmetry is expression."""

    steps: int = 20_000
    """Steps of the whole run; with a plateau schedule the most. The paper takes up to
    300,000."""
    batch: int = 4
    """Images of each domain in a step, over all processes."""
    accumulate: int = 1
    """Parts that a process takes its images of a step in, to save memory. The step stays the
    same."""
    schedule: Literal["fixed", "plateau"] = "fixed"
    """When the learning rates begin to fall. fixed: in the last part of the run. plateau: when the
    reconstruction errors stop descending, if that is sooner; the run then ends sooner as well."""
    decay: float = 0.4
    """The part of --steps over which the learning rates fall linearly to zero."""
    patience: int = 2000
    """Steps without a lower reconstruction error, by 1 %, that make a plateau."""
    history: int = 50
    """Generated images kept for each adversary."""
    ema: float = 0.998
    """Decay per step of the averaged D_C that export takes."""
    seed: int = 0
    """Decides weights, order of images, and every other draw."""

    accelerator: Literal["auto", "cpu", "cuda"] = "auto"
    """auto: CUDA where there is a GPU for it, else the CPU."""
    devices: int = 1
    """Processes on this machine; GPUs, if the accelerator is CUDA."""
    nodes: int = 1
    """Machines. More than one are started by torchrun: see docs/training.md."""
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    """Mixed: convolutions of the generators in half precision; pictures, r, losses and adversaries
    stay in float32."""
    threads: int = 1
    """OpenMP threads. Set on purpose: on a busy machine two can be far slower than one."""

    checkpoint_every: int = 500
    """Steps between checkpoints."""
    keep: int = 2
    """Checkpoints kept."""
    sample_every: int = 500
    """Steps between pictures in out/samples; the last step has one in any case."""
    log_every: int = 20
    """Steps that a row of log.jsonl is the mean of."""
    report_every_s: float = 60.0
    """Seconds between versions of out/report.html."""
    tensorboard: bool = True
    """Write curves and pictures for TensorBoard as well, if it is installed."""

    def __post_init__(self) -> None:
        counts = ("steps", "batch", "accumulate", "patience", "history", "devices", "nodes")
        for name in (*counts, "threads", "checkpoint_every", "keep", "sample_every", "log_every"):
            if getattr(self, name) < 1:
                raise TrainError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 <= self.decay <= 1:
            raise TrainError(f"decay is a part of the run, 0 to 1; got {self.decay}")
        parts = self.devices * self.nodes * self.accumulate
        if self.batch % parts:
            raise TrainError(
                f"a batch of {self.batch} cannot be shared out evenly: it must be a multiple of "
                f"devices x nodes x accumulate = {parts}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class FitOptions(RunOptions):
    """What a run of `fit` is made of, but for its images."""

    method: Method = "uncooperative"
    """uncooperative: the paper. cooperative: the same networks and losses, nothing frozen.
    cyclegan: two plain translators, no residual. restoration: D_C alone practises on renders that
    were disturbed - light, shadow, room, fit of the headset, sensor - and has to find them again.
    No cycle, no adversary, no E: a first stage, for --init of one of the others."""
    weights: Annotated[LossWeights, tyro.conf.arg(name="")] = field(default_factory=LossWeights)
    lr: float | None = None
    """Learning rate of D and of E; None is 2e-4 (paper, its own) or 4e-4 (fast), and for practice
    alone, which is no game, 1e-3."""
    optimizer: Literal["adam", "muon"] | None = None
    """Of D. muon: for its hidden layers, at the same learning rate; in practice half the steps do.
    None is adam, and muon for practice alone with the fast family."""
    adversary_lr: float | None = None
    """Adam's learning rate of A_C and A_V; None is that of D and E."""
    coarse_lr: float = 1.0
    """With --refined or --enlarged, what the learning rate of D is multiplied by but for what they
    add, which begins with nothing: what --init has learnt should follow slowly."""
    normals: Path | None = None
    """Practice: folder of the normal passes of C, under the names of its renders: red is right,
    green up, blue towards the camera, each -1..1 as 0..255. With them lamps light the avatar's own
    shape; without, what its light tells of it. None: those of --data, if it has a normals/."""
    init: Path | None = None
    """A run to take the networks from (not its optimisers), for a second stage; or a bundle to take
    D_C from, such as models/demo for an avatar that is not too unlike its own."""

    @property
    def practises(self) -> bool:
        """Whether D_C practises on disturbed renders, by itself or beside the cycles."""
        return self.method == "restoration" or self.weights.restoration > 0

    @property
    def usual_optimizer(self) -> Literal["adam", "muon"]:
        """`optimizer`, with None filled in."""
        if self.optimizer is not None:
            return self.optimizer
        alone = self.method == "restoration" and self.network.family == "fast"
        return "muon" if alone else "adam"

    @property
    def learning_rates(self) -> tuple[float, float]:
        """Of the generators, and of the adversaries."""
        usual = 2e-4 if self.network.family == "paper" else 4e-4
        if self.method == "restoration":
            usual = 1e-3
        lr = usual if self.lr is None else self.lr
        return lr, lr if self.adversary_lr is None else self.adversary_lr

    def __post_init__(self) -> None:
        RunOptions.__post_init__(self)  # a slotted dataclass has no super() without arguments
        for name in ("lr", "adversary_lr"):
            if (value := getattr(self, name)) is not None and value < 0:
                raise TrainError(f"{name} must be at least 0, got {value}")
        fine = self.network.refined is not None or self.network.enlarged
        if self.coarse_lr < 0 or (self.coarse_lr != 1 and not fine):
            raise TrainError(
                f"coarse_lr must be at least 0, and is for a network with --refined or --enlarged; "
                f"got {self.coarse_lr:g}"
            )
        if self.optimizer == "muon" and self.network.family != "fast":
            raise TrainError("--optimizer muon is for --network fast: it knows its hidden layers")
        if self.weights.identity and self.method != "cyclegan":
            raise TrainError("--identity is for --method cyclegan: only there E takes a v alone")
        for name in ("restoration", "eigen_weight"):
            if (value := getattr(self.weights, name)) < 0:
                raise TrainError(f"{name} must be at least 0, got {value:g}")
        if self.normals is not None and not self.practises:
            raise TrainError(
                "--normals is for practice: ask for --method restoration, or --restoration as well"
            )
        # Two places that cannot disagree: a method without a residual has networks without one.
        network = replace(self.network, residual=self.method != "cyclegan")
        object.__setattr__(self, "network", network)


@dataclass(frozen=True, slots=True, kw_only=True)
class FitConfig(FitOptions):
    """A run: its images, and what it is made of."""

    v: Path
    """Folder of headset-camera images, domain V; or a video, or recorded sessions."""
    c: Path
    """Folder of avatar renders, domain C."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitArguments(FitOptions):
    """Learn D and E from unpaired images of V and C.

    A run that was stopped, by Ctrl-C or worse, goes on when it is started again with the same --out
    and ends with the same weights as if it had not been stopped.
    """

    data: Path | None = None
    """A data set: a folder with v/ and c/, or CycleGAN's trainA/ and trainB/. Or give --v, --c."""
    v: Path | None = None
    """Folder of headset-camera images, domain V; or a video, or recorded sessions."""
    c: Path | None = None
    """Folder of avatar renders, domain C."""
    swap: bool = False
    """Take V for C and C for V."""
