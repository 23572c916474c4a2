"""What is drawn: expression, light, shadow, background. On whatever EGL offers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import moderngl
import numpy as np
import pytest

from tests.train.simulate.conftest import SIZE_PX
from tests.train.simulate.tiny_avatar import tiny_glb
from train.errors import TrainError
from train.simulate.avatar import Avatar
from train.simulate.optics import Camera, Light, Lighting
from train.simulate.renderer import Renderer
from train.simulate.rig import Rig

CAMERA = Camera(position_m=(0.0, 0.0, 0.2), look_at_m=(0.0, 0.0, 0.0), vertical_fov_deg=60.0)
EVEN = Lighting(lights=(), sky=(0.5, 0.5, 0.5), ground=(0.5, 0.5, 0.5))
MOUTH = (slice(28, 44), slice(22, 42))


def lit_from(x: float) -> Lighting:
    light = Light(position_m=(x, 0.1, 0.3), color=(1.0, 1.0, 1.0))
    return Lighting(lights=(light,), sky=(0.05,) * 3, ground=(0.05,) * 3)


def test_a_face_before_black(renderer: Renderer) -> None:
    image = renderer.render({}, CAMERA, EVEN)
    assert (image.shape, image.dtype) == ((SIZE_PX, SIZE_PX, 3), np.uint8)
    assert (image[0, 0] == 0).all()
    red, green, blue = image[20, 32].astype(int)  # the texture's colour, in half the light
    assert red > green > blue > 40
    np.testing.assert_array_equal(image, renderer.render({}, CAMERA, EVEN))


def test_rows_run_down_and_columns_to_the_avatars_left(renderer: Renderer) -> None:
    points = CAMERA.project([(0.05, 0.0, 0.0), (0.0, -0.05, 0.0)], SIZE_PX)
    assert points[0, 0] > 32
    assert points[1, 1] > 32
    smile = renderer.render({"mouthSmileLeft": 1.0}, CAMERA, lit_from(0.2)).astype(int)
    change = np.abs(smile - renderer.render({}, CAMERA, lit_from(0.2))).sum(axis=(0, 2))
    assert change[32:].sum() > 3 * change[:32].sum()


def test_an_open_jaw_shows_the_mouth(renderer: Renderer) -> None:
    closed = renderer.render({}, CAMERA, EVEN).astype(int)
    opened = renderer.render({"jawOpen": 1.0}, CAMERA, EVEN).astype(int)
    change = np.abs(opened - closed).mean(axis=2)
    assert change[MOUTH].mean() > 20
    assert change[:24].max() == 0  # nothing above the lips
    assert opened[36, 32].sum() < 0.4 * closed[36, 32].sum()


def test_one_mapping_that_changes_is_another_face(renderer: Renderer) -> None:
    face = {"jawOpen": 0.0}
    closed = renderer.render(face, CAMERA, EVEN)
    face["jawOpen"] = 1.0
    assert (renderer.render(face, CAMERA, EVEN) != closed).any()


def test_normals_say_which_way_each_place_faces(renderer: Renderer) -> None:
    normals = renderer.render_normals({}, CAMERA)
    assert (normals.shape, normals.dtype) == ((SIZE_PX, SIZE_PX, 3), np.float32)
    np.testing.assert_array_equal(normals[0, 0], 0)  # nothing is there
    y, x = np.nonzero(np.linalg.norm(normals, axis=2) > 0.98)
    assert len(x) > 0.1 * SIZE_PX**2
    right, _, towards = normals[y, x].T
    assert np.corrcoef(right, x)[0, 1] > 0.5
    assert towards.mean() > 0.5
    turned = renderer.render_normals({}, replace(CAMERA, up=(0.0, -1.0, 0.0)))
    np.testing.assert_allclose(turned, normals[::-1, ::-1] * (-1, -1, 1), atol=0.05)
    lit = renderer.render({}, CAMERA, EVEN)  # is not disturbed by it
    np.testing.assert_array_equal(lit, renderer.render({}, CAMERA, EVEN))


def test_light_comes_from_its_side(renderer: Renderer) -> None:
    left, right = (renderer.render({}, CAMERA, lit_from(x)).astype(int) for x in (0.4, -0.4))
    assert left[20, 45].sum() > left[20, 19].sum() + 30
    assert right[20, 19].sum() > right[20, 45].sum() + 30


def test_what_stands_before_a_light_casts_a_shadow(egl: None, tmp_path: Path) -> None:
    """A plate beside the face, out of the picture's middle, between the light and the cheek."""
    images = []
    for plate_x in (0.06, 3.0):
        glb = tiny_glb()
        plate = np.array([[0, -0.02, 0.03], [0, 0.06, 0.03], [0, 0.06, 0.09]], "f4")
        plate[:, 0] = plate_x
        triangle = {"attributes": {"POSITION": glb.accessor(plate)}, "material": 1}
        glb.document["meshes"][0]["primitives"].append(triangle)
        renderer = Renderer(Rig(Avatar.load(glb.save(tmp_path / "a.glb"))), (SIZE_PX, SIZE_PX))
        images.append(renderer.render({}, CAMERA, lit_from(0.4)).astype(int))
        renderer.close()
    shaded, free = images
    dimmed = (shaded.sum(axis=2) < 0.5 * free.sum(axis=2))[:, 20:44]  # not the plate itself
    assert dimmed.sum() > 20


def test_no_shadow_acne(renderer: Renderer) -> None:
    """A smooth face in grazing light has no speckles: rows differ little from the next."""
    for x in (0.8, -0.8):
        image = renderer.render({}, CAMERA, lit_from(x)).astype(int)
        inner = image[18:28, 20:44].sum(axis=2)
        assert np.abs(np.diff(inner, axis=0)).max() < 20


def test_the_background_shows_where_the_face_is_not(renderer: Renderer) -> None:
    behind = np.zeros((SIZE_PX, SIZE_PX, 3), np.float32)
    behind[:10] = (0.0, 1.0, 0.0)
    light = renderer.render_linear({}, CAMERA, EVEN, behind)
    np.testing.assert_allclose(light[2, 2], [0, 1, 0], atol=1e-3)
    np.testing.assert_allclose(light[60, 2], [0, 0, 0], atol=1e-3)
    face = renderer.render_linear({}, CAMERA, EVEN)
    np.testing.assert_allclose(light[32, 32], face[32, 32])


def test_a_barrel_lens_draws_the_edges_inwards(renderer: Renderer) -> None:
    straight = renderer.render({}, CAMERA, EVEN)
    bent = Camera(
        position_m=CAMERA.position_m, look_at_m=CAMERA.look_at_m, vertical_fov_deg=60.0,
        distortion=0.3,
    )  # fmt: skip
    barrel = renderer.render({}, bent, EVEN)
    np.testing.assert_allclose(barrel[32, 32].astype(int), straight[32, 32], atol=3)
    assert (barrel > 0).sum() < (straight > 0).sum()


def test_pictures_need_not_be_square_and_two_renderers_do_not_disturb_each_other(
    renderer: Renderer, avatar_path: Path
) -> None:
    alone = renderer.render({}, CAMERA, EVEN)
    wide = Renderer(Rig(Avatar.load(avatar_path)), (96, 64))
    image = wide.render({}, CAMERA, EVEN)
    np.testing.assert_array_equal(renderer.render({}, CAMERA, EVEN), alone)
    wide.close()
    assert image.shape == (64, 96, 3)
    np.testing.assert_allclose(image[:, 16:80].astype(int), alone, atol=1)


def test_without_egl_the_packages_are_named(
    avatar_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> None:
        raise Exception("libEGL.so.1 not loaded")  # as moderngl does

    monkeypatch.setattr(moderngl, "create_context", fail)
    with pytest.raises(TrainError, match="apt-get install libegl1 libgl1 libgl1-mesa-dri"):
        Renderer(Rig(Avatar.load(avatar_path)), (8, 8))
