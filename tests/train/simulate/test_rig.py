"""The head frame is found on any avatar; normals follow the expression."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.train.simulate.tiny_avatar import CORNER_M, Glb, tiny_glb
from train.errors import BadAvatar
from train.simulate.avatar import Avatar
from train.simulate.rig import MOUTH_WIDTH_M, Rig


def rig(glb: Glb, tmp_path: Path) -> Rig:
    return Rig(Avatar.load(glb.save(tmp_path / "avatar.glb")))


def test_the_head_frame_does_not_depend_on_size_place_or_heading(tmp_path: Path) -> None:
    plain = rig(tiny_glb(), tmp_path)
    glb = tiny_glb()
    glb.document["nodes"][0] |= {
        "scale": [37, 37, 37],
        "translation": [5, 60, -7],
        "rotation": [0, 1, 0, 0],
    }
    other = rig(glb, tmp_path)
    np.testing.assert_allclose(other.rest, plain.rest, atol=1e-5)
    pose = {"jawOpen": 0.7, "mouthSmileLeft": 0.5}
    np.testing.assert_allclose(other.pose(pose)[0], plain.pose(pose)[0], atol=1e-5)


def test_the_mouth_is_at_the_origin_and_left_is_x(tmp_path: Path) -> None:
    face = rig(tiny_glb(), tmp_path)
    moved = np.linalg.norm(face.pose({"mouthSmileLeft": 1.0})[0] - face.rest, axis=1)
    corner = face.rest[moved.argmax()]
    scale = MOUTH_WIDTH_M / (2 * CORNER_M)
    np.testing.assert_allclose(corner[:2], [scale * CORNER_M, 0], atol=0.006)
    assert abs(face.rest[:, 2].max()) < 1e-6


def test_swapped_sides_are_refused(tmp_path: Path) -> None:
    glb = tiny_glb(("jawOpen", "mouthSmileLeft", "mouthSmileRight"))
    glb.document["meshes"][0]["extras"]["targetNames"] = [
        "jawOpen", "mouthSmileRight", "mouthSmileLeft",
    ]  # fmt: skip
    for part in glb.document["meshes"][0]["primitives"][:1]:
        deep(glb, part["attributes"]["POSITION"])
    with pytest.raises(BadAvatar, match=r"avatar\.glb: has its mouth .* Left and Right swapped"):
        rig(glb, tmp_path)


def deep(glb: Glb, accessor: int) -> None:
    """Stretch the face along z, as a head is."""
    view = glb.document["bufferViews"][glb.document["accessors"][accessor]["bufferView"]]
    start = view["byteOffset"]
    points = np.frombuffer(glb.binary, "f4", 340 * 3, start).reshape(-1, 3) * [1, 1, 5]
    data = points.astype("f4").tobytes()
    glb.binary = glb.binary[:start] + data + glb.binary[start + len(data) :]


def test_smiles_that_move_one_place_are_refused(tmp_path: Path) -> None:
    glb = tiny_glb()
    targets = glb.document["meshes"][0]["primitives"][0]["targets"]
    names = glb.document["meshes"][0]["extras"]["targetNames"]
    targets[names.index("mouthSmileRight")] = targets[names.index("mouthSmileLeft")]
    with pytest.raises(BadAvatar, match="the mouth cannot be found"):
        rig(glb, tmp_path)


def test_pose(tmp_path: Path) -> None:
    face = rig(tiny_glb(), tmp_path)
    rest, normals = face.pose({})
    np.testing.assert_array_equal(rest, face.rest)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-5)
    assert (normals[:, 2] > 0).all()  # the tiny face looks ahead everywhere
    opened, _ = face.pose({"jawOpen": 1.0})
    assert (opened - rest)[:, 1].min() < -0.025
    np.testing.assert_array_equal(face.pose({"tongueOut": 1.0})[0], rest)  # it has none


def test_normals_follow_the_surface(tmp_path: Path) -> None:
    """A puff of the left cheek turns the normals beside it outwards."""
    face = rig(tiny_glb(), tmp_path)
    rest, before = face.pose({})
    _, after = face.pose({"cheekPuff": 1.0})
    outer_cheek = (rest[:, 0] > 0.03) & (rest[:, 0] < 0.05) & (np.abs(rest[:, 1]) < 0.02)
    assert (after[outer_cheek, 0] > before[outer_cheek, 0] + 0.05).all()
    far = rest[:, 1] > 0.07
    np.testing.assert_allclose(after[far], before[far], atol=1e-3)


def test_normals_of_the_file_hold_at_rest(tmp_path: Path) -> None:
    glb = tiny_glb()
    tilted = np.tile(np.array([0.6, 0, 0.8], "f4"), (340, 1))
    glb.document["meshes"][0]["primitives"][0]["attributes"]["NORMAL"] = glb.accessor(tilted)
    normals = rig(glb, tmp_path).pose({})[1]
    np.testing.assert_allclose(normals[:340], tilted, atol=1e-5)


def test_what_is_far_from_the_mouth_is_left_out(tmp_path: Path) -> None:
    glb = tiny_glb()
    body = np.array([[0, -1, 0], [0.1, -1, 0], [0, -1.1, 0]], "f4")
    triangle = {"attributes": {"POSITION": glb.accessor(body)}, "material": 1}
    glb.document["meshes"][0]["primitives"].append(triangle)
    assert len(rig(glb, tmp_path).rest) == 344
