"""What an avatar file says, in model space: names, node transforms, skins, materials."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.train.simulate.tiny_avatar import Glb, tiny_glb
from train.errors import BadAvatar
from train.simulate.avatar import Avatar


def load(glb: Glb, tmp_path: Path) -> Avatar:
    return Avatar.load(glb.save(tmp_path / "avatar.glb"))


def test_shapes_credit_and_material(tmp_path: Path) -> None:
    avatar = load(tiny_glb(), tmp_path)
    assert {"jawOpen", "mouthSmileLeft", "mouthLeft", "eyeBlinkLeft"} <= set(avatar.shapes)
    assert avatar.copyright == "made by the tests"
    skin, mouth = avatar.parts
    assert skin.material.texture is not None
    np.testing.assert_array_equal(skin.material.texture[0, 0], [210, 150, 120, 255])
    assert mouth.material.base_color == (0.05, 0.0, 0.0, 1.0)


def test_missing_shapes_are_listed_beside_those_found(tmp_path: Path) -> None:
    with pytest.raises(BadAvatar) as caught:
        load(tiny_glb(("mouthSmileLeft", "mouthPucker")), tmp_path)
    message = str(caught.value)
    assert "lacks the ARKit morph targets jawOpen, mouthSmileRight" in message
    assert "its morph targets: mouthPucker, mouthSmileLeft" in message


def test_an_avatar_without_any_shapes_says_none(tmp_path: Path) -> None:
    glb = tiny_glb()
    del glb.document["meshes"][0]["extras"]
    with pytest.raises(BadAvatar, match="its morph targets: none"):
        load(glb, tmp_path)


def test_names_may_stand_at_the_primitive_in_another_spelling(tmp_path: Path) -> None:
    glb = tiny_glb(("jawOpen", "mouthSmileLeft", "mouthSmileRight"))
    mesh = glb.document["meshes"][0]
    del mesh["extras"]
    mesh["primitives"][0]["extras"] = {"targetNames": ["JawOpen", "mouthSmile_L", "mouthSmile_R"]}
    assert load(glb, tmp_path).shapes == ("jawOpen", "mouthSmileLeft", "mouthSmileRight")


def test_node_transforms_add_up(tmp_path: Path) -> None:
    plain = load(tiny_glb(), tmp_path).parts[0]
    glb = tiny_glb()
    glb.document["nodes"] = [
        {"children": [1], "translation": [1, 2, 3], "scale": [2, 2, 2]},
        {"mesh": 0, "rotation": [0, 1, 0, 0]},  # half a turn about y
    ]
    moved = load(glb, tmp_path).parts[0]
    turn = np.array([-2, 2, -2])
    np.testing.assert_allclose(moved.positions, plain.positions * turn + [1, 2, 3], atol=1e-6)
    jaw = plain.shapes["jawOpen"] * turn
    np.testing.assert_allclose(moved.shapes["jawOpen"], jaw, atol=1e-6)


def test_a_mirrored_node_keeps_its_triangles_facing_out(tmp_path: Path) -> None:
    plain = load(tiny_glb(), tmp_path).parts[0]
    glb = tiny_glb()
    glb.document["nodes"][0]["scale"] = [-1, 1, 1]
    mirrored = load(glb, tmp_path).parts[0]
    np.testing.assert_array_equal(mirrored.triangles, plain.triangles[:, ::-1])


def test_a_skin_poses_the_mesh_by_its_joints(tmp_path: Path) -> None:
    """VRM: the mesh's own node counts for nothing, its joints for all."""
    plain = load(tiny_glb(), tmp_path).parts[0]
    glb = tiny_glb()
    bind = np.eye(4, dtype="f4")
    bind[1, 3] = -1.5  # the joint stood at y = 1.5 when the mesh was bound, and stands at 2 now
    glb.document["nodes"] = [
        {"mesh": 0, "skin": 0, "translation": [9, 9, 9]},
        {"translation": [0, 2, 0]},
    ]
    glb.document["scenes"][0]["nodes"] = [0, 1]
    glb.document["skins"] = [
        {"joints": [1], "inverseBindMatrices": glb.accessor(bind.T.reshape(1, 16).copy())}
    ]
    for primitive, count in zip(glb.document["meshes"][0]["primitives"], (340, 4), strict=True):
        weights = np.zeros((count, 4), "f4")
        weights[:, 0] = 1
        primitive["attributes"] |= {
            "JOINTS_0": glb.accessor(np.zeros((count, 4), "u1")),
            "WEIGHTS_0": glb.accessor(weights),
        }
    posed = load(glb, tmp_path).parts[0]
    np.testing.assert_allclose(posed.positions, plain.positions + np.array([0, 0.5, 0]), atol=1e-6)

    glb.document["skins"][0]["joints"] = [17]
    with pytest.raises(BadAvatar, match="joints outside of the scene"):
        load(glb, tmp_path)


def test_normals_turn_with_the_surface_not_with_its_points(tmp_path: Path) -> None:
    """Stretched along x, a slope leans less; mirrored, it leans the other way."""
    glb = tiny_glb()
    primitive = glb.document["meshes"][0]["primitives"][0]
    primitive["attributes"]["NORMAL"] = glb.accessor(
        np.tile(np.array([0.6, 0, 0.8], "f4"), (340, 1))
    )
    for scale, expected in ((3, [0.2, 0, 0.8]), (-1, [-0.6, 0, 0.8]), (1e-4, [0.6e4, 0, 0.8])):
        glb.document["nodes"][0]["scale"] = [scale, 1, 1]
        normals = load(glb, tmp_path).parts[0].normals
        assert normals is not None
        np.testing.assert_allclose(normals[0], expected / np.linalg.norm(expected), atol=1e-6)
