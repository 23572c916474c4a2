"""Where a glTF scene puts its meshes: node transforms, and skins posed by their joints."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from train.errors import BadAvatar
from train.simulate.gltf import Gltf, pick
from train.simulate.gltf_schema import Node, Primitive, Skin

Matrices = NDArray[np.float64]

MAX_ENTRY = 1e9
"""A transform beyond this is damage, and its products might not be finite."""


def world_matrices(gltf: Gltf) -> dict[int, Matrices]:
    """model_from_node, [4, 4], of every node of the scene."""
    document = gltf.document
    if document.scenes:
        roots = pick(document.scenes, document.scene, "scene").nodes
    else:
        children = {child for node in document.nodes for child in node.children}
        roots = tuple(i for i in range(len(document.nodes)) if i not in children)
    world: dict[int, Matrices] = {}
    pending: list[tuple[int, Matrices]] = [(root, np.eye(4)) for root in reversed(roots)]
    while pending:
        index, parent = pending.pop()
        node = pick(document.nodes, index, "node")
        if index in world:
            raise BadAvatar(f"node {index} has two parents")
        world[index] = parent @ _local_matrix(node)
        if not np.abs(world[index]).max() < MAX_ENTRY:
            raise BadAvatar(f"node {index} moves or scales by a billion and more: it is damaged")
        pending += [(child, world[index]) for child in reversed(node.children)]
    return world


def _local_matrix(node: Node) -> Matrices:
    if node.matrix is not None:
        return np.array(node.matrix).reshape(4, 4).T
    x, y, z, w = np.array(node.rotation) / (np.linalg.norm(node.rotation) or 1.0)
    rotation = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    matrix = np.eye(4)
    matrix[:3, :3] = rotation * np.array(node.scale)
    matrix[:3, 3] = node.translation
    return matrix


def skinning(gltf: Gltf, primitive: Primitive, skin: Skin, world: dict[int, Matrices]) -> Matrices:
    """model_from_mesh for each vertex, [N, 4, 4]: its joints' matrices, blended."""
    if not {"JOINTS_0", "WEIGHTS_0"} <= primitive.attributes.keys():
        raise BadAvatar("has a skinned mesh without JOINTS_0 and WEIGHTS_0")
    if any(joint not in world for joint in skin.joints):
        raise BadAvatar("has a skin with joints outside of the scene")
    joints = gltf.array(primitive.attributes["JOINTS_0"]).astype(np.int64)
    weights = gltf.array(primitive.attributes["WEIGHTS_0"]).astype(np.float64)
    if joints.shape != weights.shape or joints.shape[1] != 4:
        raise BadAvatar("has a skinned mesh whose joints and weights do not match")
    if joints.size and joints.max() >= len(skin.joints):
        raise BadAvatar(f"has a vertex bound to joint {joints.max()} of {len(skin.joints)}")
    matrices = np.array([world[joint] for joint in skin.joints])
    if skin.inverseBindMatrices is not None:
        inverse = gltf.array(skin.inverseBindMatrices)
        if inverse.shape != (len(matrices), 16):
            raise BadAvatar("has a skin with the wrong number of inverse bind matrices")
        matrices = matrices @ inverse.reshape(-1, 4, 4).transpose(0, 2, 1)
    weights /= np.maximum(weights.sum(1, keepdims=True), 1e-9)
    blended: Matrices = np.einsum("nj,njkl->nkl", weights, matrices[joints])
    return blended
