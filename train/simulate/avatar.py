"""`Avatar`: the meshes, materials and ARKit shapes of a glTF 2.0 / VRM file, in its rest pose.

All that stands in the file's scene is brought into one model space: node transforms are applied,
skinned meshes are posed by their joints as the file has them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train.errors import BadAvatar
from train.simulate.arkit import ARKIT_SHAPES, REQUIRED_SHAPES, canonical
from train.simulate.gltf import Gltf, pick
from train.simulate.gltf_schema import Mesh, Primitive
from train.simulate.nodes import Matrices, skinning, world_matrices

Floats = NDArray[np.float32]

MAX_VERTICES = 1_000_000
MAX_EXTENT = 1e6
"""Coordinates beyond this, in metres, are damage."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Material:
    """What the renderer knows of a surface."""

    base_color: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    """Linear RGBA factor."""
    texture: NDArray[np.uint8] | None = None
    """uint8[H, W, 4], sRGB and alpha."""
    roughness: float = 1.0
    alpha_cutoff: float = 0.0
    """Fragments below this opacity are not drawn; 0 is opaque. Blending is drawn as a cut-out."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """One primitive, in model space."""

    positions: Floats
    """[N, 3]"""
    normals: Floats | None
    """[N, 3], unit length; None: the file has none."""
    uv: Floats
    """[N, 2]"""
    colors: Floats
    """[N, 3], linear, 1 where the file has none."""
    triangles: NDArray[np.int32]
    """[T, 3], indices of vertices."""
    material: Material
    shapes: dict[str, Floats]
    """ARKit name -> [N, 3], how far each vertex moves at coefficient 1."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Avatar:
    """An avatar that has at least `REQUIRED_SHAPES`."""

    path: Path
    parts: tuple[Part, ...]
    copyright: str
    sha256: str
    shapes: tuple[str, ...] = field(init=False)
    """Names of all its ARKit shapes, in ARKit's order."""

    def __post_init__(self) -> None:
        found = {name for part in self.parts for name in part.shapes}
        object.__setattr__(self, "shapes", tuple(n for n in ARKIT_SHAPES if n in found))

    @classmethod
    def load(cls, path: Path) -> Avatar:
        """Read `path` (.glb, .vrm, .gltf). Raises `BadAvatar`."""
        try:
            gltf = Gltf(path)
            parts = tuple(_parts(gltf))
            _check_size(parts)
            avatar = cls(
                path=path,
                parts=parts,
                copyright=gltf.document.asset.copyright,
                sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            )
            _check_shapes(avatar, gltf)
        except BadAvatar as error:
            raise BadAvatar(f"avatar {path}: {error}") from error
        return avatar


def _check_size(parts: Sequence[Part]) -> None:
    if not any(len(part.triangles) for part in parts):
        raise BadAvatar("has no triangle meshes in its scene")
    count = sum(len(part.positions) for part in parts)
    if count > MAX_VERTICES:
        raise BadAvatar(f"has {count} vertices; at most {MAX_VERTICES} can be used")
    for part in parts:
        for points in (part.positions, *part.shapes.values()):
            if not (np.abs(points) < MAX_EXTENT).all():  # refuses NaN too
                raise BadAvatar("has vertices that lie thousands of kilometres away: it is damaged")


def _check_shapes(avatar: Avatar, gltf: Gltf) -> None:
    missing = [name for name in REQUIRED_SHAPES if name not in avatar.shapes]
    if not missing:
        return
    meshes = gltf.document.meshes
    names = {n for mesh in meshes for p in mesh.primitives for n in _target_names(mesh, p)}
    found = ", ".join(sorted(names)[:60]) or "none"
    raise BadAvatar(
        f"lacks the ARKit morph targets {', '.join(missing)}; its morph targets: {found}. Export "
        "it with ARKit blend shapes that move the face (their names go to mesh.extras.targetNames)"
    )


def _parts(gltf: Gltf) -> Iterator[Part]:
    """All primitives with triangles of the scene."""
    document = gltf.document
    world = world_matrices(gltf)
    materials: dict[int | None, Material] = {}
    for index, model_from_node in world.items():
        node = document.nodes[index]
        if node.mesh is None:
            continue
        mesh = pick(document.meshes, node.mesh, "mesh")
        for primitive in mesh.primitives:
            if not _has_triangles(primitive):
                continue
            if primitive.material not in materials:
                materials[primitive.material] = _material(gltf, primitive.material)
            matrices = model_from_node[None]
            if node.skin is not None:
                matrices = skinning(gltf, primitive, pick(document.skins, node.skin, "skin"), world)
            yield _part(gltf, mesh, primitive, matrices, materials[primitive.material])


def _has_triangles(primitive: Primitive) -> bool:
    if primitive.mode > 4:
        raise BadAvatar("has triangle strips or fans: export it again as triangles")
    return primitive.mode == 4 and "POSITION" in primitive.attributes


def _target_names(mesh: Mesh, primitive: Primitive) -> list[str]:
    """Morph target names, from where exporters put them."""
    extras: tuple[Any, ...] = (mesh.extras, primitive.extras)
    for found in (*extras, *(other.extras for other in mesh.primitives)):
        if isinstance(found, dict) and isinstance(found.get("targetNames"), list):
            return [str(name) for name in found["targetNames"]]
    return []


def _part(
    gltf: Gltf, mesh: Mesh, primitive: Primitive, model_from_mesh: Matrices, material: Material
) -> Part:
    """The primitive in model space; `model_from_mesh` is [N or 1, 4, 4]."""
    attributes = primitive.attributes
    linear = model_from_mesh[:, :3, :3]
    positions = _floats(gltf, attributes["POSITION"], 3)
    count = len(positions)
    if len(model_from_mesh) not in (1, count):
        raise BadAvatar(f"has {len(model_from_mesh)} joint weights for {count} vertices")
    normals = None
    if "NORMAL" in attributes:
        normals = _turned(linear, _floats(gltf, attributes["NORMAL"], 3, count))
    uv, colors = np.zeros((count, 2), np.float32), np.ones((count, 3), np.float32)
    if "TEXCOORD_0" in attributes:
        uv = _floats(gltf, attributes["TEXCOORD_0"], 2, count)
    if "COLOR_0" in attributes:
        colors = _floats(gltf, attributes["COLOR_0"], 3, count)
    triangles = _triangles(gltf, primitive, count)
    if np.linalg.det(linear[0]) < 0:
        triangles = triangles[:, ::-1]  # a mirrored node turns its triangles inside out
    return Part(
        positions=_times(linear, positions) + model_from_mesh[:, :3, 3].astype(np.float32),
        normals=normals,
        uv=uv,
        colors=colors,
        triangles=triangles,
        material=material,
        shapes=_shapes(gltf, mesh, primitive, linear, count),
    )


def _shapes(
    gltf: Gltf, mesh: Mesh, primitive: Primitive, linear: Matrices, count: int
) -> dict[str, Floats]:
    """ARKit name -> moves in model space, [N, 3]; targets that move nothing are left out."""
    shapes: dict[str, Floats] = {}
    for target, name in zip(primitive.targets, _target_names(mesh, primitive), strict=False):
        shape = canonical(name)
        if shape is not None and "POSITION" in target:
            moves = _times(linear, _floats(gltf, target["POSITION"], 3, count))
            if moves.any():
                shapes[shape] = moves
    return shapes


def _floats(gltf: Gltf, accessor: int, width: int, count: int | None = None) -> Floats:
    """An attribute as float32[N, width]; a wider one (the alpha of a colour) is cut."""
    array = gltf.array(accessor).astype(np.float32)
    if array.shape[1] < width or (count is not None and len(array) != count):
        raise BadAvatar(f"accessor {accessor} is {array.shape}, expected ({count or 'N'}, {width})")
    return array[:, :width]


def _times(matrices: Matrices, vectors: Floats) -> Floats:
    """[N or 1, 3, 3] times [N, 3], vector by vector."""
    products = (matrices @ vectors[..., None].astype(np.float64))[..., 0]
    with np.errstate(over="ignore"):  # what becomes infinite is refused by `_check_size`
        return products.astype(np.float32)


def _turned(matrices: Matrices, normals: Floats) -> Floats:
    """Unit normals of a surface that `matrices`, [N or 1, 3, 3], transform; 0 where it collapses.

    By the cofactors, which are the inverse transpose but for a factor, and always exist.
    """
    a, b, c = matrices[:, 0], matrices[:, 1], matrices[:, 2]
    cofactors = np.stack([np.cross(b, c), np.cross(c, a), np.cross(a, b)], axis=1)
    cofactors *= np.sign(np.sum(a * cofactors[:, 0], axis=1))[:, None, None]
    turned = (cofactors @ normals[..., None].astype(np.float64))[..., 0]
    turned /= np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-150)
    return turned.astype(np.float32)


def _triangles(gltf: Gltf, primitive: Primitive, count: int) -> NDArray[np.int32]:
    indices = np.arange(count) if primitive.indices is None else gltf.array(primitive.indices)[:, 0]
    if indices.dtype.kind != "u" and primitive.indices is not None:
        raise BadAvatar("has triangle indices that are no whole numbers")
    if len(indices) and int(indices.max()) >= count:
        raise BadAvatar(f"has a triangle at vertex {int(indices.max())} of {count}")
    return indices[: len(indices) // 3 * 3].astype(np.int32).reshape(-1, 3)


def _material(gltf: Gltf, index: int | None) -> Material:
    if index is None:
        return Material()
    material = pick(gltf.document.materials, index, "material")
    pbr = material.pbrMetallicRoughness
    cutoffs = {"OPAQUE": 0.0, "MASK": material.alphaCutoff, "BLEND": 0.5}
    texture = pbr.baseColorTexture
    return Material(
        base_color=pbr.baseColorFactor,
        texture=None if texture is None else gltf.image(texture.index),
        roughness=max(pbr.roughnessFactor, 0.05),
        alpha_cutoff=cutoffs[material.alphaMode],
    )
