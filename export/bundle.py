"""`export_bundle`: checkpoint -> ONNX -> golden pairs, parity, manifest -> a folder, or nothing."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import JsonValue

from calibration.profile import CameraProfile
from export.config import ExportConfig, Precision
from export.errors import ExportError
from export.frames import read_frames
from export.graph import INPUT, OUTPUT, BytesToBytes, giga_macs, to_onnx
from export.parity import measure, tolerance
from export.profile import bundle_profile
from realtime.bundle import GOLDEN_PAIRS, Bundle, GoldenPair, save_golden, sha256_file
from realtime.manifest import CAMERA, MODEL, Manifest, Tensor
from realtime.parity import Tolerance
from train import checkpoint
from train.config import NetworkConfig
from train.config_json import plain
from train.distill.config import DistillConfig
from train.fitting import check_fits
from train.lineage import credit_lines, hours, sources, stages
from train.networks import build_content

PRECISIONS: dict[Precision, str] = {"fp32": "float32", "fp16": "float16", "int8": "int8"}
"""What is asked for -> what the manifest calls it."""
PARITY_IMAGES = 16
CALIBRATION_FRAMES = 64


def export_bundle(config: ExportConfig, on_event: Callable[[str], None] = print) -> Bundle:
    """Write the bundle and load it as the live side will. Raises `ExportError`, `TrainError`,
    `RealtimeError`; whatever happens, `config.out` holds a whole bundle or what it held before."""
    if config.out.exists() and not config.overwrite:
        raise ExportError(f"{config.out} exists: choose another --out, or add --overwrite")
    saved = checkpoint.load(config.run)
    check_fits(saved, build_content, "content_ema")
    network = saved.config.network.at(config.size)
    size = network.size
    content = build_content(network)
    content.load_state_dict(saved.under("content_ema"))
    model = BytesToBytes(content).eval()

    profile = bundle_profile(config.profile, saved.config, on_event)
    if config.golden is None:
        on_event(f"the bundle's golden pictures are some of the run's V, {saved.config.v}")
    images = read_frames(
        config.golden or saved.config.v, size, profile, PARITY_IMAGES, GOLDEN_PAIRS
    )
    reference = _run_torch(model, images)
    config.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=config.out.parent, prefix=".export-") as folder:
        unfinished = Path(folder) / "bundle"
        unfinished.mkdir()
        frames = _calibration(config, saved.config.v, size, profile)
        graph = to_onnx(
            *(model, size, config.precision, frames, config.opset),
            half_weights=config.half_weights,
        )
        (unfinished / MODEL).write_bytes(graph)
        profile.save(unfinished / CAMERA)
        save_golden(unfinished, _golden(images, reference))
        manifest = _manifest(config, saved, network, content, unfinished)
        manifest.save(unfinished)
        parity = measure(
            Bundle.load(unfinished), images, reference, config.engine == "tensorrt", on_event
        )
        manifest.model_copy(
            update={"parity": parity, "golden": tolerance(config.precision, parity)}
        ).save(unfinished)
        Bundle.load(unfinished)
        if config.out.exists():
            shutil.rmtree(config.out)
        unfinished.replace(config.out)
    return Bundle.load(config.out)


def _calibration(
    config: ExportConfig, v: Path, size: int, profile: CameraProfile
) -> NDArray[np.uint8]:
    """Frames for float16 and int8; float32 needs none."""
    if config.precision == "fp32":
        return np.empty((0, size, size, 3), np.uint8)
    return read_frames(config.calibration or v, size, profile, CALIBRATION_FRAMES, 1)


@torch.no_grad()
def _run_torch(model: BytesToBytes, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.concatenate([model(torch.from_numpy(image[None])).numpy() for image in images])


def _golden(images: NDArray[np.uint8], outputs: NDArray[np.uint8]) -> tuple[GoldenPair, ...]:
    picks = np.linspace(0, len(images) - 1, GOLDEN_PAIRS).round().astype(int)
    return tuple(GoldenPair(input=images[i : i + 1], output=outputs[i : i + 1]) for i in picks)


def _manifest(
    config: ExportConfig,
    saved: checkpoint.Checkpoint,
    network: NetworkConfig,
    content: torch.nn.Module,
    folder: Path,
) -> Manifest:
    size = network.size
    simulations = [_simulation(v) for v in sources(saved)]
    shape = (1, size, size, 3)
    return Manifest(
        name=config.name or config.out.name,
        created=datetime.now(UTC),
        files={p.name: sha256_file(p) for p in sorted(folder.iterdir())},
        input=Tensor(name=INPUT, shape=shape),
        output=Tensor(name=OUTPUT, shape=shape),
        network={
            **plain(network),
            "parameters": sum(p.numel() for p in content.parameters()),
            "gmac": round(giga_macs(content, size), 3),
        },
        method=saved.config.method,
        training=_training(saved, simulations),
        precision=PRECISIONS[config.precision],
        opset=config.opset,
        parity={},
        golden=Tolerance(max_abs=255, mean_abs=255),  # until it is measured
        credits=tuple(
            dict.fromkeys([*_credits(simulations), *credit_lines(saved), *config.credit])
        ),
        licence=config.licence,
    )


def _training(
    saved: checkpoint.Checkpoint, simulations: list[dict[str, Any]]
) -> dict[str, JsonValue]:
    """Every run that led to this one, and what they saw; of a student, whom it learnt from."""
    runs = stages(saved)
    seen = [s.get("description", "a user's own images") for s in simulations]
    told: dict[str, JsonValue] = {
        "hours": hours(runs),
        "stages": list[JsonValue](runs),
        "data": "; ".join(dict.fromkeys(seen)),
    }
    if isinstance(saved.config, DistillConfig):
        teacher = saved.config.teacher
        told["teacher"] = {
            "run": teacher.run,
            "step": teacher.step,
            "method": teacher.method,
            "family": teacher.network.family,
            "size": teacher.network.size,
        }
    return told


def _credits(simulations: list[dict[str, Any]]) -> list[str]:
    return [line for simulation in simulations for line in simulation.get("credits", [])]


def _simulation(v: Path) -> dict[str, Any]:
    """What a simulated set says of itself; empty for other data."""
    path = v.parent / "simulation.json"
    try:
        content = json.loads(path.read_text()) if path.is_file() else {}
    except (OSError, ValueError, RecursionError) as error:
        raise ExportError(f"{path} is damaged: {error}") from error
    told = content if isinstance(content, dict) else {}
    credit = told.get("credits", [])
    if not isinstance(credit, list) or not all(isinstance(line, str) for line in credit):
        raise ExportError(f"{path} is damaged: its credits are no list of texts")
    if not isinstance(told.get("description", ""), str):
        raise ExportError(f"{path} is damaged: its description is no text")
    return told
