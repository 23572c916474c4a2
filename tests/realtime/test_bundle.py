"""The bundle: what a good one gives, and the one line that each way to damage it gets."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

from realtime.bundle import Bundle
from realtime.errors import BadBundle
from realtime.manifest import CAMERA, GOLDEN, MANIFEST, MODEL
from tests.conftest import write_tiny_manifest


def test_a_good_bundle_holds_everything(tiny_bundle: Path) -> None:
    (tiny_bundle / "engines").mkdir()
    bundle = Bundle.load(tiny_bundle)
    assert bundle.id == f"tiny@{bundle.manifest.files[MODEL][:8]}"
    assert bundle.manifest.input.size_px == (64, 64)
    assert bundle.profile.camera == "a test"
    assert bundle.model == (tiny_bundle / MODEL).read_bytes()
    assert len(bundle.golden) == 3
    np.testing.assert_array_equal(bundle.golden[0].output, 255 - bundle.golden[0].input)


def edit_manifest(folder: Path, **changes: object) -> None:
    content = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(content | changes))


def edit_files(folder: Path, **changes: object) -> None:
    content = json.loads((folder / MANIFEST).read_text())
    edit_manifest(folder, files=content["files"] | changes)


def flip_a_byte(folder: Path) -> None:
    model = bytearray((folder / MODEL).read_bytes())
    model[len(model) // 2] ^= 1
    (folder / MODEL).write_bytes(model)


def empty(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()


def remove_folder(folder: Path) -> None:
    empty(folder)
    folder.rmdir()


def replace_by_file(folder: Path) -> None:
    remove_folder(folder)
    folder.write_text("")


def link_outside(folder: Path) -> None:
    (folder / CAMERA).rename(folder.parent / CAMERA)
    (folder / CAMERA).symlink_to(folder.parent / CAMERA)


def write_golden(folder: Path, **arrays: np.ndarray) -> None:
    np.savez(folder / GOLDEN, **arrays)
    write_tiny_manifest(folder)


def write_pickled_golden(folder: Path) -> None:
    write_golden(folder, input_0=np.array([{"a": 1}], dtype=object))


def write_small_golden(folder: Path) -> None:
    image = np.zeros((1, 32, 32, 3), np.uint8)
    write_golden(folder, **{f"{role}_{k}": image for k in range(3) for role in ("input", "output")})


def move_weights_outside(folder: Path) -> None:
    model = onnx.load(folder / MODEL)
    weights = onnx.numpy_helper.from_array(np.zeros(1024, np.float32), "w")
    onnx.external_data_helper.set_external_data(weights, "weights.bin")
    weights.ClearField("raw_data")
    model.graph.initializer.append(weights)
    (folder / MODEL).write_bytes(model.SerializeToString())
    write_tiny_manifest(folder)


def edit_profile(folder: Path) -> None:
    (folder / CAMERA).write_text('{"camera": "x", "zoom": 2}')
    write_tiny_manifest(folder)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (remove_folder, "does not exist: give a folder that `python -m export` wrote"),
        (replace_by_file, "is not a folder"),
        (empty, "is empty: give a folder"),
        (lambda folder: (folder / MANIFEST).unlink(), "has no manifest.json"),
        (lambda folder: (folder / MANIFEST).write_bytes(b"\xff{"), "is not JSON"),
        (lambda folder: (folder / MANIFEST).write_bytes(b"[" * 100_000), "is not JSON"),
        (lambda folder: (folder / MANIFEST).write_bytes(b" " * 2**21), "over 1 MiB"),
        (lambda folder: (folder / MANIFEST).write_text("[]"), "format version None"),
        (lambda folder: edit_manifest(folder, version=2), "format version 2, .* reads version 1"),
        (lambda folder: edit_manifest(folder, version=None), "format version None"),
        (lambda folder: edit_manifest(folder, colour="red"), "colour: Extra inputs"),
        (lambda folder: edit_manifest(folder, name="../x"), "manifest.json: name: "),
        (lambda folder: edit_manifest(folder, created="yesterday"), "manifest.json: created: "),
        (lambda folder: (folder / MODEL).unlink(), "lacks model.onnx"),
        (flip_a_byte, "model.onnx is damaged or edited .*: export it again, or restore it"),
        (lambda folder: (folder / CAMERA).write_text("{}"), "camera.json is damaged or edited"),
        (lambda folder: edit_manifest(folder, files={}), "lacks camera.json, golden.npz"),
        (lambda folder: edit_files(folder, **{"../x": "0" * 64}), "'../x' is not the plain name"),
        (lambda folder: edit_files(folder, **{"/x": "0" * 64}), "'/x' is not the plain name"),
        (lambda folder: edit_files(folder, **{"a\\b": "0" * 64}), "is not the plain name"),
        (lambda folder: edit_files(folder, **{"manifest.json": "0" * 64}), "not the plain name"),
        (lambda folder: edit_files(folder, **{"extra.bin": "0" * 64}), "lacks extra.bin"),
        (lambda folder: edit_files(folder, **{MODEL: "damaged"}), "files.model.onnx"),
        (link_outside, "camera.json is a symbolic link"),
        (move_weights_outside, "keeps weights in another file"),
        (edit_profile, "camera profile .*: zoom: Extra inputs"),
        (lambda folder: write_golden(folder, input_0=np.zeros(3)), "golden.npz cannot be read"),
        (write_pickled_golden, "golden.npz cannot be read .*allow_pickle=False"),
        (write_small_golden, r"pair 0 holds uint8\(1, 32, 32, 3\) for 'frame'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    tiny_bundle: Path, damage: Callable[[Path], object], message: str
) -> None:
    damage(tiny_bundle)
    with pytest.raises(BadBundle, match=message) as caught:
        Bundle.load(tiny_bundle)
    assert str(caught.value).startswith("bundle ")
    assert "\n" not in str(caught.value)


def test_a_path_that_cannot_be_read_is_an_error_of_the_bundle() -> None:
    with pytest.raises(BadBundle, match=r"cannot be read: .*too long"):
        Bundle.load(Path("x" * 300))


def test_a_shape_that_no_live_model_has_is_refused(tiny_bundle: Path) -> None:
    edit_manifest(tiny_bundle, input={"name": "frame", "shape": [1, 64, 64, 4], "dtype": "uint8"})
    with pytest.raises(BadBundle, match=r"input\.shape"):
        Bundle.load(tiny_bundle)
