"""Another avatar: in centimetres, turned around, nested, its shapes spelt in another way.

A face with nose and chin, coloured by vertex, of two grids that meet at the lips. Its file looks
along -z below two nodes; `tiny_avatar` has one mesh at the origin, in metres, with a texture.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tests.train.simulate.tiny_avatar import Glb

Floats = NDArray[np.float32]
COLUMNS, ROWS = 45, 26
CORNER_CM = 2.6
"""x of the corners of the mouth: this face is larger than the tiny one."""


def other_glb() -> Glb:
    """The avatar."""
    glb = Glb()
    meshes = [_half(glb, 0.0, 8.0, jaw=False), _half(glb, -8.0, 0.0, jaw=True), _mouth(glb)]
    glb.document |= {
        "materials": [
            {"pbrMetallicRoughness": {"roughnessFactor": 0.7}},
            {"pbrMetallicRoughness": {"baseColorFactor": [0.03, 0.0, 0.0, 1.0]}},
        ],
        "meshes": meshes,
        "nodes": [
            {"children": [1], "translation": [0.3, 1.5, -0.2]},
            {"children": [2, 3, 4], "rotation": [0.0, 1.0, 0.0, 0.0], "scale": [0.01, 0.01, 0.01]},
            *({"mesh": index} for index in range(len(meshes))),
        ],
        "scenes": [{"nodes": [0]}],
        "scene": 0,
    }
    return glb


def _half(glb: Glb, bottom: float, top: float, *, jaw: bool) -> dict[str, object]:
    y, x = np.meshgrid(np.linspace(bottom, top, ROWS), np.linspace(-7, 7, COLUMNS), indexing="ij")
    places = np.stack([x, y, _depth(x, y)], axis=-1).reshape(-1, 3).astype("f4")
    corner = np.arange(len(places) - COLUMNS).reshape(-1, COLUMNS)[:, :-1].ravel()
    right, above = corner + 1, corner + COLUMNS
    triangles = np.concatenate(
        [np.stack([corner, right, above + 1], 1), np.stack([corner, above + 1, above], 1)]
    )
    shapes = _shapes(places, jaw)
    return {
        "primitives": [
            {
                "attributes": {
                    "POSITION": glb.accessor(places),
                    "COLOR_0": glb.accessor(_colours(places)),
                },
                "indices": glb.accessor(triangles.ravel().astype("u2")),
                "material": 0,
                "targets": [{"POSITION": glb.accessor(move)} for move in shapes.values()],
            }
        ],
        "extras": {"targetNames": list(shapes)},
    }


def _mouth(glb: Glb) -> dict[str, object]:
    """What is dark behind the lips."""
    places = np.array([[-3, -4, -1], [3, -4, -1], [-3, 1, -1], [3, 1, -1]], "f4")
    return {
        "primitives": [
            {
                "attributes": {"POSITION": glb.accessor(places)},
                "indices": glb.accessor(np.array([0, 1, 3, 0, 3, 2], "u2")),
                "material": 1,
            }
        ]
    }


def _depth(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """z of the skin: a bulge, a nose, lips and a chin."""

    def bump(at_x: float, at_y: float, wide: float, high: float) -> NDArray[np.float64]:
        return np.exp(-(((x - at_x) / wide) ** 2) - ((y - at_y) / high) ** 2)

    face = -0.05 * x**2 - 0.02 * y**2
    return face + 2.2 * bump(0, 3.8, 1.2, 1.3) + 0.5 * bump(0, 0, 2, 0.7) + 0.9 * bump(0, -4, 2, 1)


def _colours(places: Floats) -> Floats:
    """Skin with freckles, red lips: something to see everywhere."""
    x, y, _ = places.T
    skin = np.array([0.35, 0.18, 0.1]) * (1 + 0.25 * np.sin(4 * x) * np.sin(3 * y))[:, None]
    lips = ((x / CORNER_CM) ** 2 + (y / 0.9) ** 2 < 1)[:, None]
    return np.where(lips, (0.5, 0.05, 0.06), skin).astype("f4")


def _shapes(places: Floats, jaw: bool) -> dict[str, Floats]:
    """Spelt as some programs export them -> how far each vertex moves."""
    x, y, _ = places.T

    def move(at_x: float, at_y: float, wide: float, *to: float) -> Floats:
        weight = np.exp(-(((x - at_x) ** 2) + (y - at_y) ** 2) / wide**2)
        return (weight[:, None] * np.array(to)).astype("f4")

    opened = move(0, -2.5, 5, 0, -2.5, -0.4) * np.float32(jaw)
    return {
        "Head.JawOpen": opened,
        "Head.MouthSmile_L": move(CORNER_CM, 0, 1.5, 0.6, 1.0, -0.4),
        "Head.MouthSmile_R": move(-CORNER_CM, 0, 1.5, -0.6, 1.0, -0.4),
        "Head.MouthPucker": move(0, 0, 2.0, 0, 0, 1.2),
        "Head.MouthFunnel": move(0, 0, 1.5, 0, 0.2, 0.8),
        "Head.CheekPuff": move(4, -0.5, 2, 0, 0, 1.0) + move(-4, -0.5, 2, 0, 0, 1.0),
        "Head.NoseSneer_L": move(1.5, 3, 1, 0, 0.5, 0.2),
        "Head.NoseSneer_R": move(-1.5, 3, 1, 0, 0.5, 0.2),
        "Head.MouthLeft": move(0, 0, 3, 1.0, 0, 0),
        "Head.EyeBlink_L": move(3, 7, 1, 0, -0.5, 0),
        "Hat.Brim": move(0, 8, 1, 0, 1, 0),
    }
