"""`Rig`: an avatar in the head frame, posed by blendshape coefficients on the CPU.

Head frame: the origin lies on the surface between the lips; x to the avatar's left, y up, z forward
out of the face; metres of a face with a mouth of ordinary width. It is found from the shapes alone:
the two smiles move the corners of the mouth, and tell left from right. So a camera pose in this
frame shows the same part of the face on any avatar, whatever its size and wherever it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from train.errors import BadAvatar
from train.simulate.avatar import Avatar, Floats, Material

MOUTH_WIDTH_M = 0.046
"""Between the corners of an adult's resting mouth, where a smile pulls most."""
KEEP_RADIUS_M = 0.25
"""Triangles farther from the mouth are left out: a body costs time and is never seen."""
HEAD_RADIUS = 4
"""In widths of the mouth: what lies nearer to the mouth is taken for the head."""
CORE = 0.8
"""A corner of the mouth is what a smile moves by more than this part of its largest move."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surface:
    """A run of triangles of one material."""

    material: Material
    first_index: int
    index_count: int


class Rig:
    """Vertices of all parts in one array. `pose` is all that happens per frame."""

    def __init__(self, avatar: Avatar) -> None:
        """Raises `BadAvatar` when no head frame can be found."""
        parts = avatar.parts
        model = np.concatenate([part.positions for part in parts])
        moves = {name: _whole(avatar, name) for name in avatar.shapes}
        try:
            axes, origin, scale = _head_frame(model, moves)
            head = ((model - origin) @ axes.T * scale).astype(np.float32)
            self.triangles, self.surfaces, used = _surfaces(avatar, head)
            """int32[T, 3], and the runs of it that share a material."""
        except BadAvatar as error:
            raise BadAvatar(f"avatar {avatar.path}: {error}") from error
        self.rest: Floats = head[used]
        """[N, 3]"""
        self.uv: Floats = np.concatenate([part.uv for part in parts])[used]
        self.colors: Floats = np.concatenate([part.colors for part in parts])[used]
        self._shapes = avatar.shapes
        self._moves = np.stack(
            [(moves[name][used] @ axes.T * scale).astype(np.float32).ravel() for name in moves]
        )
        self._smooth = _SmoothNormals(self.rest, self.triangles)
        smooth = self._smooth(self.rest)
        normals = np.concatenate(
            [np.zeros_like(p.positions) if p.normals is None else p.normals for p in parts]
        )[used]
        normals = (normals @ axes.T).astype(np.float32)
        self._detail = np.where(normals.any(axis=1, keepdims=True), normals - smooth, 0)

    def pose(self, coefficients: Mapping[str, float]) -> tuple[Floats, Floats]:
        """Positions and unit normals, each [N, 3], of the face with these coefficients.

        Shapes that the avatar lacks are ignored. The file's own normals hold at rest; the change
        of the surface's slope is added to them, so that shading follows the expression.
        """
        weights = np.array([coefficients.get(name, 0.0) for name in self._shapes], np.float32)
        positions: Floats = self.rest + (weights @ self._moves).reshape(-1, 3)
        normals: Floats = self._smooth(positions) + self._detail
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
        return positions, normals


def _whole(avatar: Avatar, name: str) -> Floats:
    """Moves of one shape over all parts, [N, 3]."""
    return np.concatenate(
        [part.shapes.get(name, np.zeros_like(part.positions)) for part in avatar.parts]
    )


def _head_frame(
    model: Floats, moves: Mapping[str, Floats]
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """axes [3, 3] (rows x, y, z of the head in model space), origin [3], scale."""
    left, right = _core(model, moves["mouthSmileLeft"]), _core(model, moves["mouthSmileRight"])
    across = (left - right) * (1.0, 0.0, 1.0)  # glTF's y is up, and a head at rest is upright
    width = float(np.linalg.norm(across))
    if width <= 1e-4 * float(np.ptp(model, axis=0).max()):
        raise BadAvatar(
            "moves the same place by mouthSmileLeft and mouthSmileRight, so the mouth cannot be "
            "found: are its morph targets named rightly?"
        )
    x, y = across / width, np.array([0.0, 1.0, 0.0])
    axes = np.stack([x, y, np.cross(x, y)])
    middle = (left + right) / 2
    local = (model - middle) @ axes.T
    head = np.linalg.norm(local, axis=1) < HEAD_RADIUS * width
    if float(np.median(local[head, 2])) > 0.5 * width:
        raise BadAvatar(
            "has its mouth at the back of its head: are Left and Right swapped in the names of its "
            "morph targets?"
        )
    lips = (np.abs(local[:, :2]) < 0.3 * width).all(axis=1) & head
    front = float(local[lips, 2].max()) if lips.any() else 0.0
    return axes, middle + front * axes[2], MOUTH_WIDTH_M / width


def _core(model: Floats, moves: Floats) -> NDArray[np.float64]:
    """Where a shape moves the surface most, [3], in model space."""
    size = np.linalg.norm(moves.astype(np.float64), axis=1)
    core = size > CORE * size.max()
    return np.average(model[core].astype(np.float64), axis=0, weights=size[core])


def _surfaces(
    avatar: Avatar, head: Floats
) -> tuple[NDArray[np.int32], tuple[Surface, ...], NDArray[np.int64]]:
    """Triangles near the mouth, their runs by material, and the vertices that they use.

    The triangles' indices are of places in the list of used vertices.
    """
    near = np.linalg.norm(head, axis=1) < KEEP_RADIUS_M
    by_material: dict[Material, list[NDArray[np.int32]]] = {}
    offset = 0
    for part in avatar.parts:
        kept = part.triangles[near[part.triangles + offset].any(axis=1)] + offset
        by_material.setdefault(part.material, []).append(kept)
        offset += len(part.positions)
    surfaces, first = [], 0
    for material, runs in by_material.items():
        count = 3 * sum(map(len, runs))
        surfaces.append(Surface(material=material, first_index=first, index_count=count))
        first += count
    if first == 0:
        raise BadAvatar("has no surface where its smiles move it")
    every = np.concatenate([run for runs in by_material.values() for run in runs])
    used, places = np.unique(every, return_inverse=True)
    return places.reshape(-1, 3).astype(np.int32), tuple(surfaces), used


class _SmoothNormals:
    """Area-weighted vertex normals; vertices at one place (a texture seam) share theirs."""

    def __init__(self, rest: Floats, triangles: NDArray[np.int32]) -> None:
        self._triangles = triangles
        places = np.round(rest / 1e-6).astype(np.int64)
        _, place = np.unique(places, axis=0, return_inverse=True)
        self._place = place.ravel()
        corners = self._place[triangles.ravel()]
        order = np.argsort(corners, kind="stable")
        self._face_of_corner = order // 3
        _, self._starts = np.unique(corners[order], return_index=True)

    def __call__(self, positions: Floats) -> Floats:
        a, b, c = (positions[self._triangles[:, i]] for i in range(3))
        faces = np.cross(b - a, c - a)
        sums = np.add.reduceat(faces[self._face_of_corner], self._starts, axis=0)
        sums /= np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
        return np.asarray(sums[self._place], np.float32)
