"""A tiny avatar of the tests' own making: two curved grids that meet at the lips, and a dark mouth.

It looks along +z, is 0.16 m wide, and knows a handful of ARKit shapes.
"""

from __future__ import annotations

import copy
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration.opencv import cv2

Json = dict[str, Any]
COMPONENTS = {"f4": 5126, "u2": 5123, "u4": 5125, "u1": 5121, "i2": 5122}
TYPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}
CORNER_M = 0.023
"""x of the corners of the mouth."""


class Glb:
    """A GLB in the making: `document` is its JSON, to be changed at will before `save`."""

    def __init__(self) -> None:
        self.document: Json = {
            "asset": {"version": "2.0", "copyright": "made by the tests"},
            "buffers": [],
            "bufferViews": [],
            "accessors": [],
        }
        self.binary = b""

    def view(self, data: bytes, **more: Any) -> int:
        self.binary += b"\0" * (-len(self.binary) % 4)
        self.document["bufferViews"].append(
            {"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data), **more}
        )
        self.binary += data
        return len(self.document["bufferViews"]) - 1

    def accessor(self, array: NDArray[Any], **more: Any) -> int:
        array = array.reshape(len(array), -1)
        self.document["accessors"].append(
            {
                "bufferView": self.view(array.tobytes()),
                "componentType": COMPONENTS[array.dtype.str[1:]],
                "count": len(array),
                "type": TYPES[array.shape[1]],
                **more,
            }
        )
        return len(self.document["accessors"]) - 1

    def bytes(self) -> bytes:
        document = copy.deepcopy(self.document)
        document["buffers"] = [{"byteLength": len(self.binary)}]
        text = json.dumps(document).encode()
        text += b" " * (-len(text) % 4)
        binary = self.binary + b"\0" * (-len(self.binary) % 4)
        chunks = struct.pack("<I4s", len(text), b"JSON") + text
        chunks += struct.pack("<I4s", len(binary), b"BIN\0") + binary
        return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks

    def save(self, path: Path) -> Path:
        path.write_bytes(self.bytes())
        return path


def tiny_glb(
    shapes: tuple[str, ...] = (
        *("jawOpen", "mouthSmileLeft", "mouthSmileRight", "mouthPucker", "cheekPuff"),
        *("mouthFrownLeft", "mouthFrownRight", "mouthLeft", "eyeBlinkLeft"),
    ),
) -> Glb:
    """The avatar, with these of the shapes that it knows."""
    glb = Glb()
    upper = _grid(0.0, 0.08)
    lower = _grid(-0.09, 0.0)
    skin = np.concatenate([upper, lower])
    jaw = np.arange(len(skin)) >= len(upper)
    pitch = len(upper)
    triangles = np.concatenate([_triangles(upper), _triangles(lower) + pitch])
    moves = _moves(skin, jaw)
    mouth = np.array([[-0.03, -0.06, -0.02], [0.03, -0.06, -0.02], [-0.03, 0.02, -0.02],
                      [0.03, 0.02, -0.02]], "f4")  # fmt: skip
    picture = np.full((8, 8, 3), (120, 150, 210), np.uint8)
    texture = cv2.imencode(".png", picture)[1].tobytes()
    uv = (skin[:, :2] * 5 + 0.5).astype("f4")
    glb.document |= {
        "images": [{"bufferView": glb.view(texture), "mimeType": "image/png"}],
        "textures": [{"source": 0}],
        "materials": [
            {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}, "roughnessFactor": 0.5}},
            {"pbrMetallicRoughness": {"baseColorFactor": [0.05, 0.0, 0.0, 1.0]}},
        ],
        "meshes": [
            {
                "primitives": [
                    {
                        "attributes": {
                            "POSITION": glb.accessor(skin),
                            "TEXCOORD_0": glb.accessor(uv),
                        },
                        "indices": glb.accessor(triangles.ravel().astype("u2")),
                        "material": 0,
                        "targets": [{"POSITION": glb.accessor(moves[name])} for name in shapes],
                    },
                    {
                        "attributes": {"POSITION": glb.accessor(mouth)},
                        "indices": glb.accessor(np.array([0, 1, 3, 0, 3, 2], "u2")),
                        "material": 1,
                    },
                ],
                "extras": {"targetNames": list(shapes)},
            }
        ],
        "nodes": [{"mesh": 0}],
        "scenes": [{"nodes": [0]}],
        "scene": 0,
    }
    return glb


def _grid(bottom: float, top: float) -> NDArray[np.float32]:
    """10 rows of 17 vertices, row by row from the bottom, on a bulge."""
    y, x = np.meshgrid(np.linspace(bottom, top, 10), np.linspace(-0.08, 0.08, 17), indexing="ij")
    z = -6 * x**2 - 3 * y**2
    return np.stack([x, y, z], axis=-1).reshape(-1, 3).astype("f4")


def _triangles(grid: NDArray[np.float32]) -> NDArray[np.int64]:
    columns = 17
    corner = np.arange(len(grid) - columns).reshape(-1, columns)[:, :-1].ravel()
    right, above = corner + 1, corner + columns
    return np.concatenate(
        [np.stack([corner, right, above + 1], 1), np.stack([corner, above + 1, above], 1)]
    )


def _moves(skin: NDArray[np.float32], jaw: NDArray[np.bool_]) -> dict[str, NDArray[np.float32]]:
    """Each shape's moves of all vertices."""

    def around(x: float, y: float, width: float) -> NDArray[np.float32]:
        distance2 = (skin[:, 0] - x) ** 2 + (skin[:, 1] - y) ** 2
        return np.exp(-distance2 / width**2)[:, None].astype("f4")

    def move(weight: NDArray[np.float32], *to: float) -> NDArray[np.float32]:
        return np.asarray(weight * np.array(to, "f4"), "f4")

    left, right, middle = (around(x, 0, 0.02) for x in (CORNER_M, -CORNER_M, 0.0))
    return {
        "jawOpen": move(around(0, 0, 0.05) * jaw[:, None], 0, -0.03, -0.005),
        "mouthSmileLeft": move(left, 0.006, 0.01, -0.005),
        "mouthSmileRight": move(right, -0.006, 0.01, -0.005),
        "mouthFrownLeft": move(left, 0.0, -0.01, 0.0),
        "mouthFrownRight": move(right, 0.0, -0.01, 0.0),
        "mouthPucker": move(middle, 0, 0, 0.012),
        "mouthLeft": move(middle, 0.012, 0, 0),
        "cheekPuff": move(left + right, 0, 0, 0.01),
        "eyeBlinkLeft": move(around(0.03, 0.07, 0.01), 0, -0.005, 0),
    }
