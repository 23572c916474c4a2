"""Files that are damaged, cut off, hostile or merely unusual: a clear `BadAvatar`, or they load."""

from __future__ import annotations

import base64
import contextlib
import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.train.simulate.tiny_avatar import Glb, Json, tiny_glb
from train.errors import BadAvatar
from train.simulate.avatar import Avatar
from train.simulate.rig import Rig

WHOLE = tiny_glb()
WHOLE_BYTES = WHOLE.bytes()


def primitive(document: Json) -> Json:
    found: Json = document["meshes"][0]["primitives"][0]
    return found


def refused(path: Path) -> str:
    with pytest.raises(BadAvatar) as caught:
        Avatar.load(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def test_a_text_file_an_empty_file_and_no_file(tmp_path: Path) -> None:
    text = tmp_path / "notes.glb"
    text.write_text("this is no avatar")
    assert "no glTF 2.0, GLB or VRM" in refused(text)
    text.write_bytes(b"")
    assert "no glTF 2.0, GLB or VRM" in refused(text)
    text.write_text('{"hello": "world"}')
    assert "asset" in refused(text)
    assert "cannot be read" in refused(tmp_path / "absent.glb")
    assert "cannot be read" in refused(tmp_path)


@pytest.mark.parametrize("length", [4, 12, 19, 30, 2000, len(WHOLE_BYTES) - 1])
def test_a_file_that_is_cut_off(tmp_path: Path, length: int) -> None:
    path = tmp_path / "cut.glb"
    path.write_bytes(WHOLE_BYTES[:length])
    assert "cut off" in refused(path)


def set_offset(document: Json) -> None:
    document["bufferViews"][0]["byteOffset"] = 1 << 40


def set_count(document: Json) -> None:
    document["accessors"][primitive(document)["attributes"]["POSITION"]]["count"] = 1 << 22


def set_huge_count(document: Json) -> None:
    document["accessors"][0]["count"] = 1 << 60


def set_negative_offset(document: Json) -> None:
    document["bufferViews"][0]["byteOffset"] = -8


def set_missing_accessor(document: Json) -> None:
    primitive(document)["attributes"]["POSITION"] = 999


def set_missing_mesh(document: Json) -> None:
    document["nodes"][0]["mesh"] = 7


def set_cycle(document: Json) -> None:
    document["nodes"] = [{"mesh": 0, "children": [1]}, {"children": [0]}]


def set_draco(document: Json) -> None:
    document["extensionsRequired"] = ["KHR_draco_mesh_compression"]


def set_version(document: Json) -> None:
    document["asset"]["version"] = "1.0"


def set_strip(document: Json) -> None:
    primitive(document)["mode"] = 5


def set_far_index(document: Json) -> None:
    primitive(document)["indices"] = primitive(document)["attributes"]["POSITION"]


def set_far_away(document: Json) -> None:
    document["nodes"][0]["translation"] = [1e8, 0, 0]


def set_scale(document: Json) -> None:
    document["nodes"][0]["scale"] = [1e300, 1, 1]


def set_uri(document: Json) -> None:
    document["images"] = [{"uri": "../../secret.png"}]


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (set_offset, "cut off or damaged"),
        (set_count, "are read from it"),
        (set_huge_count, "accessors.0.count"),
        (set_negative_offset, "bufferViews.0.byteOffset"),
        (set_missing_accessor, "refers to accessor 999"),
        (set_missing_mesh, "refers to mesh 7"),
        (set_cycle, "two parents"),
        (set_draco, "without mesh compression"),
        (set_version, "glTF 1.0"),
        (set_strip, "export it again as triangles"),
        (set_far_index, "no whole numbers"),
        (set_far_away, "damaged"),
        (set_scale, "nodes.0.scale"),
        (set_uri, "outside of its own folder"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_damage_is_named(tmp_path: Path, damage: Callable[[Json], None], says: str) -> None:
    glb = tiny_glb()
    damage(glb.document)
    assert says in refused(glb.save(tmp_path / "damaged.glb"))


def test_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    glb = tiny_glb()
    positions = np.full((340, 3), np.nan, "f4")
    primitive(glb.document)["attributes"]["POSITION"] = glb.accessor(positions)
    assert "not finite" in refused(glb.save(tmp_path / "nan.glb"))


def test_a_picture_that_is_none_is_refused(tmp_path: Path) -> None:
    glb = tiny_glb()
    glb.document["images"][0] = {"bufferView": glb.view(b"no picture at all")}
    assert "no 8-bit PNG or JPEG" in refused(glb.save(tmp_path / "picture.glb"))


def test_gltf_with_its_data_beside_it_or_inside(tmp_path: Path) -> None:
    document = copy.deepcopy(WHOLE.document)
    (tmp_path / "my data.bin").write_bytes(WHOLE.binary)
    for uri in (
        "my%20data.bin",
        "data:application/octet-stream;base64," + base64.b64encode(WHOLE.binary).decode(),
    ):
        document["buffers"] = [{"byteLength": len(WHOLE.binary), "uri": uri}]
        path = tmp_path / "tiny.gltf"
        path.write_text(json.dumps(document))
        assert "jawOpen" in Avatar.load(path).shapes
    document["buffers"][0]["uri"] = "gone.bin"
    path.write_text(json.dumps(document))
    assert "'gone.bin', which cannot be read" in refused(path)


def test_sparse_interleaved_and_normalized_arrays(tmp_path: Path) -> None:
    """Three ways to write down what the plain file says."""
    plain = Avatar.load(WHOLE.save(tmp_path / "plain.glb")).parts[0]
    glb = tiny_glb()
    first = primitive(glb.document)
    where = np.flatnonzero(np.abs(plain.shapes["jawOpen"]).sum(1) > 1e-9)
    first["targets"][0]["POSITION"] = sparse(glb, where, plain.shapes["jawOpen"][where])
    both = np.hstack([plain.positions, np.zeros_like(plain.positions)]).astype("f4")
    glb.document["accessors"][first["attributes"]["POSITION"]] |= {
        "bufferView": glb.view(both.tobytes(), byteStride=24)
    }
    codes = np.round(np.clip(plain.uv, 0, 1) * 65535).astype("u2")
    first["attributes"]["TEXCOORD_0"] = glb.accessor(codes, normalized=True)
    other = Avatar.load(glb.save(tmp_path / "other.glb")).parts[0]
    np.testing.assert_array_equal(other.positions, plain.positions)
    np.testing.assert_allclose(other.shapes["jawOpen"], plain.shapes["jawOpen"], atol=1e-9)
    np.testing.assert_allclose(other.uv, np.clip(plain.uv, 0, 1), atol=1e-5)


def sparse(glb: Glb, where: np.ndarray, values: np.ndarray) -> int:
    glb.document["accessors"].append(
        {
            "componentType": 5126,
            "count": 340,
            "type": "VEC3",
            "sparse": {
                "count": len(where),
                "indices": {"bufferView": glb.view(where.astype("u2").tobytes()),
                            "componentType": 5123},
                "values": {"bufferView": glb.view(values.astype("f4").tobytes())},
            },
        }
    )  # fmt: skip
    return len(glb.document["accessors"]) - 1


@settings(deadline=None, max_examples=60)
@given(changes=st.lists(st.tuples(st.integers(0, len(WHOLE_BYTES) - 1), st.integers(0, 255))))
def test_no_damaged_byte_gets_past(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    data = bytearray(WHOLE_BYTES)
    for at, value in changes:
        data[at] = value
    load_or_refuse(tmp_path_factory.mktemp("fuzz") / "fuzz.glb", bytes(data))


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_no_absurd_value_gets_past(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Any one value of the JSON, replaced by one that no exporter writes."""
    glb = skinned_glb()
    places = list(leaves(glb.document))
    container, key = places[data.draw(st.integers(0, len(places) - 1))]
    container[key] = data.draw(
        st.sampled_from([-1, 0, 3, 2**31, 2**70, 1e308, 0.5, True, None, "x", [], {}, [1e38] * 16])
    )
    load_or_refuse(tmp_path_factory.mktemp("fuzz") / "fuzz.glb", glb.bytes())


def skinned_glb() -> Glb:
    """The tiny avatar with all that this reader reads: transforms, a skin, normals, colours."""
    glb = tiny_glb()
    glb.document["nodes"] = [
        {"mesh": 0, "skin": 0},
        {"translation": [0, 0, 0], "rotation": [0, 0, 0, 1], "scale": [1, 1, 1], "children": [2]},
        {"matrix": np.eye(4).ravel().tolist()},
    ]
    glb.document["scenes"][0]["nodes"] = [0, 1]
    bind = np.tile(np.eye(4, dtype="f4").ravel(), (2, 1))
    glb.document["skins"] = [{"joints": [1, 2], "inverseBindMatrices": glb.accessor(bind)}]
    for each, count in zip(glb.document["meshes"][0]["primitives"], (340, 4), strict=True):
        each["attributes"] |= {
            "JOINTS_0": glb.accessor(np.tile(np.array([0, 1, 0, 0], "u1"), (count, 1))),
            "WEIGHTS_0": glb.accessor(np.tile(np.array([0.5, 0.5, 0, 0], "f4"), (count, 1))),
            "NORMAL": glb.accessor(np.tile(np.array([0, 0, 1], "f4"), (count, 1))),
            "COLOR_0": glb.accessor(np.full((count, 4), 255, "u1"), normalized=True),
        }
    return glb


def test_what_the_fuzzer_starts_from_loads(tmp_path: Path) -> None:
    Rig(Avatar.load(skinned_glb().save(tmp_path / "skinned.glb")))


def leaves(value: Any) -> Any:
    """(container, key) of every value inside `value`."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(items):
        yield value, key
        if isinstance(inner, dict | list):
            yield from leaves(inner)


def load_or_refuse(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    with contextlib.suppress(BadAvatar):
        Rig(Avatar.load(path))
