"""`export_bundle`: checkpoint -> ONNX -> golden pairs, parity, manifest -> a folder, or nothing."""

from __future__ import annotations

import json
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import JsonValue

from calibration.profile import CameraProfile
from export.config import ExportConfig
from export.errors import ExportError
from export.graph import INPUT, OPSET, OUTPUT, BytesToBytes, giga_macs, to_onnx
from export.parity import compare
from realtime import bundle as bundles
from realtime.backends import open_backend
from realtime.bundle import Bundle, GoldenPair, Manifest, Parity, Tensor, Tolerance
from train import checkpoint
from train.data import list_images, read_image
from train.errors import BadCheckpoint
from train.networks import build_content

TOLERANCE = Tolerance(max_abs=2, mean_abs=0.25)
"""Levels of 255: float32 backends differ by a rounding here and there, never by more."""
PARITY_IMAGES = 16


def export_bundle(config: ExportConfig) -> Bundle:
    """Write the bundle and load it as the live side will. Raises `ExportError`, `TrainError`,
    `RealtimeError`; whatever happens, `config.out` holds a whole bundle or what it held before."""
    if config.out.exists() and not config.overwrite:
        raise ExportError(f"{config.out} exists: choose another --out, or add --overwrite")
    saved = checkpoint.load(config.run)
    size = saved.config.network.size
    content = build_content(saved.config.network)
    content.load_state_dict(saved.under("content_ema"))
    model = BytesToBytes(content).eval()

    images = _images(config.golden or saved.config.v, size)
    reference = _run_torch(model, images)
    config.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=config.out.parent, prefix=".export-") as folder:
        unfinished = Path(folder) / "bundle"
        unfinished.mkdir()
        (unfinished / bundles.MODEL).write_bytes(to_onnx(model, size))
        _profile(config, saved.config.v).save(unfinished / bundles.CAMERA)
        bundles.save_golden(unfinished, _golden(images, reference))
        manifest = _manifest(config, saved, content, unfinished)
        manifest.save(unfinished)
        parity = _measure(Bundle.load(unfinished), images, reference)
        manifest.model_copy(update={"parity": parity}).save(unfinished)
        Bundle.load(unfinished)
        if config.out.exists():
            shutil.rmtree(config.out)
        unfinished.replace(config.out)
    return Bundle.load(config.out)


def _images(folder: Path, size: int) -> NDArray[np.uint8]:
    """uint8[N,size,size,3]: images spread evenly over the folder."""
    paths = list_images(folder)
    picks = np.linspace(0, len(paths) - 1, min(PARITY_IMAGES, len(paths))).round().astype(int)
    images = [read_image(paths[i], size) for i in picks]
    usable = [image for image in images if image is not None]
    if len(usable) < bundles.GOLDEN_PAIRS:
        raise ExportError(
            f"{folder}: golden pairs need {bundles.GOLDEN_PAIRS} images, got {len(usable)}"
        )
    return np.stack(usable)


@torch.no_grad()
def _run_torch(model: BytesToBytes, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.concatenate([model(torch.from_numpy(image[None])).numpy() for image in images])


def _golden(images: NDArray[np.uint8], outputs: NDArray[np.uint8]) -> tuple[GoldenPair, ...]:
    picks = np.linspace(0, len(images) - 1, bundles.GOLDEN_PAIRS).round().astype(int)
    return tuple(GoldenPair(input=images[i : i + 1], output=outputs[i : i + 1]) for i in picks)


def _profile(config: ExportConfig, v: Path) -> CameraProfile:
    path = config.profile or v.parent / "camera.json"
    if config.profile is None and not path.exists():
        return CameraProfile(camera="unknown")
    return CameraProfile.load(path)


def _measure(
    bundle: Bundle, images: NDArray[np.uint8], reference: NDArray[np.uint8]
) -> dict[str, Parity]:
    """Parity of the backends that run here. Opening one checks the golden pairs."""
    backend = open_backend("onnxruntime", bundle)
    try:
        outputs = np.concatenate([backend.run(image[None]).copy() for image in images])
    finally:
        backend.close()
    parity = compare(outputs, reference)
    if parity.max_abs > TOLERANCE.max_abs or parity.mean_abs > TOLERANCE.mean_abs:
        raise ExportError(
            f"ONNX Runtime differs from PyTorch by {parity.max_abs:.0f} levels at most and "
            f"{parity.mean_abs:.3f} on average; allowed are {TOLERANCE.max_abs:.0f} and "
            f"{TOLERANCE.mean_abs}: the bundle was not written"
        )
    return {"onnxruntime": parity}


def _manifest(
    config: ExportConfig,
    saved: checkpoint.Checkpoint,
    content: torch.nn.Module,
    folder: Path,
) -> Manifest:
    size = saved.config.network.size
    simulation = _simulation(saved.config.v)
    stages = _stages(saved)
    shape = (1, size, size, 3)
    return Manifest(
        name=config.name or config.out.name,
        created=datetime.now(UTC),
        files={p.name: bundles.sha256_file(p) for p in sorted(folder.iterdir())},
        input=Tensor(name=INPUT, shape=shape),
        output=Tensor(name=OUTPUT, shape=shape),
        network={
            "family": saved.config.network.family,
            "size": size,
            "parameters": sum(p.numel() for p in content.parameters()),
            "gmac": round(giga_macs(content, size), 3),
        },
        method=saved.config.method,
        training={
            "hours": round(sum(stage["hours"] for stage in stages), 2),
            "stages": list[JsonValue](stages),
            "data": simulation.get("description", "a user's own images"),
        },
        precision="float32",
        opset=OPSET,
        parity={},
        golden=TOLERANCE,
        credits=(*simulation.get("credits", []), *config.credit),
        licence=config.licence,
    )


def _stages(saved: checkpoint.Checkpoint) -> list[dict[str, Any]]:
    """What led to this checkpoint, from the first run on: a run may start from another (--init)."""
    config = saved.config
    stage = {
        "run": config.out.name,
        "size": config.network.size,
        "steps": saved.step,
        "batch": config.batch,
        "hours": round(saved.progress.get("seconds", 0.0) / 3600, 2),
    }
    if config.init is None:
        return [stage]
    try:
        return [*_stages(checkpoint.load(config.init)), stage]
    except BadCheckpoint:
        return [{"run": config.init.name, "hours": 0.0, "note": "no longer there"}, stage]


def _simulation(v: Path) -> dict[str, Any]:
    """What a simulated set says of itself; empty for other data."""
    path = v.parent / "simulation.json"
    content = json.loads(path.read_text()) if path.exists() else {}
    return content if isinstance(content, dict) else {}
