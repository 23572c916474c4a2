"""`Reader`: a small frozen CNN that reads blendshape coefficients off avatar renders, and its file.

It is the yardstick for expression, so it carries its own accuracy on renders it has not seen, and
refuses to measure when that is poor.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from calibration.opencv import cv2
from train.data import to_float
from train.errors import BadCheckpoint, BadData, TrainError
from train.runs import Images

FORMAT = 2
"""Of the file; 1 was a smaller network's."""
MIN_R2 = 0.5
"""Below this mean R^2 on unseen renders it measures nothing."""


class Network(nn.Module):
    """float[B,3,size,size] in -1..1 -> coefficients float[B,shapes]."""

    mean: Tensor
    scale: Tensor

    def __init__(self, shapes: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(shapes))
        self.register_buffer("scale", torch.ones(shapes))
        self.layers = nn.Sequential(
            nn.PixelUnshuffle(2),  # [B,12,32,32] at size 64
            *_halve(12, 48),
            *_halve(48, 96),
            *_halve(96, 192),  # [B,192,4,4]
            nn.AdaptiveAvgPool2d(4),
            nn.Flatten(),
            nn.Dropout(0.2),
            nn.Linear(192 * 16, shapes),
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.mean + self.scale * self.standardised(images)

    def standardised(self, images: Tensor) -> Tensor:
        """Coefficients less their mean, over their standard deviation."""
        out: Tensor = self.layers(images)
        return out


def _halve(channels_in: int, channels_out: int) -> tuple[nn.Module, ...]:
    return (
        *_convolution(channels_in, channels_out, stride=2),
        *_convolution(channels_out, channels_out),
    )


def _convolution(channels_in: int, channels_out: int, stride: int = 1) -> tuple[nn.Module, ...]:
    return (
        nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(inplace=True),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A trained network and what is known of it."""

    network: Network
    shapes: tuple[str, ...]
    size: int
    """Height and width at which it sees images, pixels."""
    r2: dict[str, float]
    """R^2 on held-out renders, of each shape that varies there."""
    renders: int
    """How many it was trained and checked on."""
    source: str
    """Changes with the renders and settings that it comes from."""

    @property
    def mean_r2(self) -> float:
        return float(np.mean(list(self.r2.values()))) if self.r2 else float("-inf")

    def read(self, images: Images) -> NDArray[np.float32]:
        """uint8[N,H,W,3] of any square size -> float32[N,shapes]."""
        self.network.eval()
        seen = np.stack([_resize(image, self.size) for image in images])
        with torch.inference_mode():
            batches = [self.network(to_float(seen[i : i + 64])) for i in range(0, len(seen), 64)]
        return torch.cat(batches).numpy()

    def check(self) -> None:
        """Raises `BadData` for one that cannot be trusted."""
        if not self.mean_r2 >= MIN_R2:
            raise BadData(
                f"the regressor reads unseen renders with R^2 {self.mean_r2:.2f}, below {MIN_R2}, "
                f"so it cannot measure expression; train one on more than {self.renders} renders "
                "or for more steps: python -m train regressor"
            )

    def save(self, path: Path) -> None:
        """Write `path` (safetensors), and a .json of the same name beside it."""
        about = {
            "format": FORMAT,
            "shapes": self.shapes,
            "size": self.size,
            "mean_r2": self.mean_r2,
            "r2": self.r2,
            "renders": self.renders,
            "source": self.source,
        }
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            save_file(self.network.state_dict(), path)
            path.with_suffix(".json").write_text(json.dumps(about, indent=2) + "\n")
        except (OSError, SafetensorError) as error:
            raise TrainError(
                f"{path} cannot be written ({error}); train the regressor apart (python -m train "
                "regressor --out FILE) and give --regressor FILE"
            ) from error


def load_reader(path: Path) -> Reader:
    """What `Reader.save` wrote. Raises `BadCheckpoint`."""
    try:
        about = json.loads(path.with_suffix(".json").read_text())
        if about["format"] != FORMAT:
            raise BadCheckpoint(
                f"{path} has format {about['format']}; this version reads format {FORMAT}: train "
                "it anew, python -m train regressor"
            )
        shapes = tuple(about["shapes"])
        network = Network(len(shapes))
        network.load_state_dict(load_file(path))
        return Reader(
            network=network.requires_grad_(False),
            shapes=shapes,
            size=int(about["size"]),
            r2=dict(about["r2"]),
            renders=int(about["renders"]),
            source=str(about["source"]),
        )
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise BadCheckpoint(
            f"{path} is no regressor ({error}); give one that `python -m train regressor` wrote"
        ) from error


def _resize(image: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    if image.shape[0] == size:
        return image
    how = cv2.INTER_AREA if image.shape[0] > size else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (size, size), interpolation=how), np.uint8)
