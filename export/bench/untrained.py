"""Networks that nobody has trained, as bundles in memory: they are as fast as trained ones, so what
a width or a depth costs is known before hours are spent on it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import numpy as np
import torch

from calibration.profile import CameraProfile
from export.config import OPSET
from export.errors import ExportError
from export.graph import INPUT, OUTPUT, BytesToBytes, giga_macs, to_onnx
from export.parity import FLOAT32
from realtime.bundle import GOLDEN_PAIRS, Bundle, GoldenPair
from realtime.manifest import CAMERA, GOLDEN, MODEL, Manifest, Tensor
from train.config import Family, NetworkConfig
from train.networks import build_content

METHOD = "untrained"


def untrained(asked: str, size: int) -> Bundle:
    """`asked`: family, width and blocks of a D_C for size x size pixels, such as fast:24:4; width
    and blocks may be left out.

    Raises `ExportError`, `TrainError`.
    """
    config = _parse(asked, size)
    torch.manual_seed(0)
    content = build_content(config).eval()
    model = BytesToBytes(content)
    graph = to_onnx(model, size)
    files = {MODEL: hashlib.sha256(graph).hexdigest(), CAMERA: "0" * 64, GOLDEN: "0" * 64}
    shape = (1, size, size, 3)
    manifest = Manifest(
        name=asked.replace(":", "-"),
        created=datetime.now(UTC),
        files=files,  # nothing is read from a file, so nothing is compared with the others
        input=Tensor(name=INPUT, shape=shape),
        output=Tensor(name=OUTPUT, shape=shape),
        network={
            "family": config.family,
            "size": size,
            "parameters": sum(p.numel() for p in content.parameters()),
            "gmac": round(giga_macs(content, size), 3),
        },
        method=METHOD,
        training={},
        precision="float32",
        opset=OPSET,
        parity={},
        golden=FLOAT32,
        credits=(),
        licence="none",
    )
    return Bundle(
        path=Path(METHOD) / asked,
        manifest=manifest,
        profile=CameraProfile(camera="none"),
        golden=_golden(model, shape),
        model=graph,
    )


def _parse(asked: str, size: int) -> NetworkConfig:
    family, *numbers = asked.split(":")
    if (
        family not in get_args(Family)
        or len(numbers) > 2
        or not all(number.isdecimal() and int(number) for number in numbers)
    ):
        raise ExportError(
            f"--untrained {asked}: give FAMILY[:WIDTH[:BLOCKS]] with a family of "
            f"{', '.join(get_args(Family))}, such as fast:24:4"
        )
    named = dict(zip(("width", "blocks"), map(int, numbers), strict=False))
    return NetworkConfig(family=family, size=size, **named)  # type: ignore[arg-type]


@torch.no_grad()
def _golden(model: BytesToBytes, shape: tuple[int, int, int, int]) -> tuple[GoldenPair, ...]:
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 256, shape, np.uint8) for _ in range(GOLDEN_PAIRS)]
    return tuple(
        GoldenPair(input=frame, output=model(torch.from_numpy(frame)).numpy()) for frame in frames
    )
