"""`python -m train regressor`: trains the `Reader` that measures expression.

It sees renders and their coefficients, nothing else; a fifth of them, at most 2,000, only to be
checked on.
"""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from torch import Tensor
from torch.nn import functional

from train.data import list_images, to_float
from train.errors import BadData, TrainError
from train.evaluate.expression import r2_per_shape
from train.evaluate.reader import FORMAT, Network, Reader
from train.evaluate.simulated import load_coefficients, load_renders
from train.runs import Images

HELD_OUT, MOST_HELD_OUT = 0.2, 2000
"""Part of the renders, and how many at most."""
MIN_RENDERS = 20
BATCH = 32
LR = 4e-3
MIN_SCALE = 0.03
"""A shape that hardly varies is not blown up to the weight of the others."""
GAIN, OFFSET, NOISE = 0.1, 0.05, 0.03
"""Augmentation, standard deviations on the -1..1 scale: a c' is never as clean as a render."""
SHIFT, SCALE, TURN = 0.02, 0.015, 0.015
"""Augmentation, standard deviations: of a place (half a picture is 1), of the log of the size, and
in radians. What is asked is the expression, not whether the face stands where it should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressorConfig:
    """Train what reads expression off renders, for `evaluate`."""

    data: Path
    """A set written by `python -m train simulate`; c/ and its coefficients are read. Hundreds of
    renders do, thousands do better."""
    truth: bool = False
    """Read truth/ as well, the renders of v. Not of a set that runs are evaluated on: the regressor
    would know the answers."""
    out: Path
    """The .safetensors file to write; a .json of the same name goes beside it."""
    size: int = 64
    """Height and width at which it sees images, pixels."""
    steps: int = 1000
    """Batches of 32."""
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    """As in `fit`; it reads in 32-true whatever it was trained in."""
    seed: int = 0
    """Decides weights, order of images, and which renders are held out."""
    threads: int = 1
    """OpenMP threads."""

    def __post_init__(self) -> None:
        if self.size < 16 or self.size % 4:
            raise TrainError(f"size must be a multiple of 4, at least 16; got {self.size}")
        if self.steps < 1:
            raise TrainError(f"steps must be at least 1, got {self.steps}")


def run(config: RegressorConfig) -> None:
    """Train, check, save. Raises `TrainError`; a poor one is not saved."""
    torch.set_num_threads(config.threads)
    reader = train_reader(config)
    reader.check()
    reader.save(config.out)
    Console().print(
        f"{config.out}: R^2 {reader.mean_r2:.3f} on unseen renders, the mean of "
        f"{len(reader.r2)} shapes; jawOpen {reader.r2.get('jawOpen', float('nan')):.3f}"
    )


def train_reader(config: RegressorConfig) -> Reader:
    """A reader for the renders of `config.data`, with its R^2 on those held out."""
    images, shapes, coefficients = _renders(config)
    if len(images) < MIN_RENDERS:
        raise BadData(f"{config.data}/c: {len(images)} renders; a regressor needs {MIN_RENDERS}")
    order = np.random.default_rng(config.seed).permutation(len(images))
    held_out, seen = np.split(order, [min(round(HELD_OUT * len(images)), MOST_HELD_OUT)])
    reader = Reader(
        network=_fit(config, images[seen], coefficients[seen]),
        shapes=shapes,
        size=config.size,
        r2={},
        renders=len(images),
        source=source(config),
    )
    r2 = r2_per_shape(reader.read(images[held_out]), coefficients[held_out], shapes)
    return dataclasses.replace(reader, r2=r2)


def _renders(config: RegressorConfig) -> tuple[Images, tuple[str, ...], NDArray[np.float32]]:
    """uint8[N,size,size,3], names of the shapes, float32[N,shapes]."""
    names, images = load_renders(config.data, config.size)
    shapes, coefficients = load_coefficients(config.data, "c", names)
    if not config.truth:
        return images, shapes, coefficients
    names, more = load_renders(config.data, config.size, "truth")
    more_coefficients = load_coefficients(config.data, "v", names)[1]
    return np.concatenate([images, more]), shapes, np.concatenate([coefficients, more_coefficients])


def source(config: RegressorConfig) -> str:
    """Changes with c/, its coefficients and the settings."""
    settings = (FORMAT, config.size, config.steps, config.seed, config.truth, config.precision)
    digest = hashlib.sha256(":".join(map(str, settings)).encode())
    for path in list_images(config.data / "c"):
        digest.update(f"{path.name}:{path.stat().st_size}".encode())
    names = tuple(path.name for path in list_images(config.data / "c"))
    digest.update(load_coefficients(config.data, "c", names)[1].tobytes())
    return digest.hexdigest()[:16]


def _fit(config: RegressorConfig, images: Images, coefficients: NDArray[np.float32]) -> Network:
    torch.manual_seed(config.seed)
    network = Network(coefficients.shape[1])
    network.mean.copy_(torch.from_numpy(coefficients.mean(0)))
    network.scale.copy_(torch.from_numpy(np.maximum(coefficients.std(0), MIN_SCALE)))
    y = (torch.from_numpy(coefficients) - network.mean) / network.scale
    optimizer = torch.optim.AdamW(network.parameters(), lr=LR, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LR, total_steps=config.steps)
    network.layers.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    network.train()
    console = Console(stderr=True)
    for _ in track(range(config.steps), "regressor", console=console, transient=True):
        picks = torch.randint(0, len(images), (BATCH,))
        x = _augment(to_float(images[picks.numpy()]))
        with torch.autocast("cpu", enabled=config.precision == "bf16-mixed"):
            found = network.standardised(x.contiguous(memory_format=torch.channels_last))
        loss = (found.float() - y[picks]).square().mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
    network.layers.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    return network.eval().requires_grad_(False)


def _augment(x: Tensor) -> Tensor:
    """float[B,3,s,s]: moved a little, in another light, half of them blurred, noise."""
    each = (len(x), 1, 1, 1)
    blurred = functional.avg_pool2d(functional.pad(x, (1, 1, 1, 1), mode="replicate"), 3, 1)
    x = torch.where(torch.rand(each) < 0.5, blurred, x)
    x = _moved(x)
    x = x * (1 + GAIN * torch.randn(each)) + OFFSET * torch.randn(each)
    return x + NOISE * torch.randn_like(x)


def _moved(x: Tensor) -> Tensor:
    scale, turn = (SCALE * torch.randn(len(x))).exp(), TURN * torch.randn(len(x))
    right, down = SHIFT * torch.randn(2, len(x))
    along, across = scale * turn.cos(), scale * turn.sin()
    rows = [torch.stack(row, 1) for row in ((along, -across, right), (across, along, down))]
    grid = functional.affine_grid(torch.stack(rows, 1), list(x.shape), align_corners=False)
    return functional.grid_sample(x, grid, padding_mode="border", align_corners=False)
