"""What a stranger could do to a bundle's folder before handing it on, and what is to be said."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import onnx

from realtime.manifest import CAMERA, GOLDEN, MANIFEST, MODEL
from tests.conftest import write_tiny_manifest

Damage = Callable[[Path], None]


def climb(bundle: Path) -> None:
    text = (bundle / MANIFEST).read_text()
    (bundle / MANIFEST).write_text(text.replace(f'"{CAMERA}"', '"../../secret"'))


def link(name: str) -> Damage:
    def damage(bundle: Path) -> None:
        secret = bundle.parent / "secret"
        shutil.copy(bundle / name, secret)
        (bundle / name).unlink()
        (bundle / name).symlink_to(secret)

    damage.__name__ = f"link_{name}"
    return damage


def pipe(bundle: Path) -> None:
    (bundle / CAMERA).unlink()
    os.mkfifo(bundle / CAMERA)


def speak_to_the_terminal(bundle: Path) -> None:
    """By the name of a field, which the refusal names: a title, and a line that looks like ours."""
    about = json.loads((bundle / MANIFEST).read_text())
    about["\x1b]0;owned\x07\nlaunch: all is well"] = 1
    (bundle / MANIFEST).write_text(json.dumps(about))


def bomb(bundle: Path) -> None:
    with zipfile.ZipFile(bundle / GOLDEN, "w", zipfile.ZIP_DEFLATED) as file:
        with file.open("input_0.npy", "w") as entry:
            for _ in range(64):
                entry.write(bytes(1 << 20))
    write_tiny_manifest(bundle)


def weights_elsewhere(bundle: Path) -> None:
    """With a length written longer than it need be, as a protobuf allows."""
    (bundle / "weights.bin").write_bytes(bytes(16))
    model = onnx.load(bundle / MODEL)
    tensor = onnx.TensorProto(name="w", dims=[16], data_type=2, data_location=1)
    tensor.external_data.add(key="location", value="weights.bin")
    model.graph.initializer.append(tensor)
    plain = model.SerializeToString()
    assert b"\x0a\x08location" in plain
    entry = b"\x0a\x88\x00location\x12\x0bweights.bin"
    initializer = b"\x08\x10\x10\x02\x42\x01w" + b"\x6a" + bytes([len(entry)]) + entry + b"\x70\x01"
    graph = onnx.load(bundle / MODEL).graph.SerializeToString()
    graph += b"\x2a" + bytes([len(initializer)]) + initializer
    model.ClearField("graph")
    size = bytes([len(graph) & 127 | 128, len(graph) >> 7])
    evil = model.SerializeToString() + b"\x3a" + size + graph
    assert onnx.load_from_string(evil).graph.initializer[0].external_data[0].value == "weights.bin"
    (bundle / MODEL).write_bytes(evil)
    write_tiny_manifest(bundle)


DAMAGES: dict[Damage, str] = {
    climb: "'../../secret' is not the plain name",
    link(MANIFEST): "a symbolic link for its manifest.json",
    link(MODEL): "model.onnx is a symbolic link",
    link(GOLDEN): "golden.npz is a symbolic link",
    link(CAMERA): "camera.json is a symbolic link",
    pipe: "lacks camera.json",
    speak_to_the_terminal: "?]0;owned??launch: all is well: Extra inputs are not permitted",
    bomb: "input_0.npy unpacks to 67108864 bytes",
    weights_elsewhere: "keeps weights in another file",
}
"""What was done -> what is said."""
