"""The view that keys and the mouse make: always of the model's shape, always inside."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.maps import crop_px
from calibration.profile import View
from calibration.view.editor import ViewEditor

SIZE_PX = (640, 480)


def editor(model_size_px: tuple[int, int] = (256, 256)) -> ViewEditor:
    return ViewEditor(View(size_px=SIZE_PX), SIZE_PX, model_size_px)


def press(keys: str, model_size_px: tuple[int, int] = (256, 256)) -> View:
    it = editor(model_size_px)
    for key in keys:
        it.key(key)
    return it.view


def test_keys_do_what_they_say() -> None:
    assert press("r").rotation_deg == 90
    assert press("rrrr").rotation_deg == 0
    assert press("f").flip
    assert press("u").undistort
    assert press("rfu0") == View(size_px=SIZE_PX)
    assert press("?") == View(size_px=SIZE_PX)
    start, smaller = crop_px(View(), SIZE_PX), crop_px(press("--"), SIZE_PX)
    assert smaller[2] < start[2]
    assert smaller[0] + smaller[2] / 2 == pytest.approx(320, abs=2)
    assert crop_px(press("--a"), SIZE_PX)[0] < smaller[0]
    assert crop_px(press("--s"), SIZE_PX)[1] > smaller[1]


def test_a_dragged_crop_gets_the_models_shape() -> None:
    it = editor()
    it.drag((300, 200), (100, 100))
    assert it.view.roi_px == (100, 100, 200, 200)
    it.drag((5, 5), (8, 9))
    assert it.view.roi_px == (100, 100, 200, 200)


def test_a_turned_crop_of_a_model_that_is_not_square_is_turned_too() -> None:
    it = editor((256, 128))
    it.drag((0, 0), (200, 10))
    assert it.view.roi_px == (0, 0, 200, 100)
    it.key("r")
    assert it.view.roi_px == (0, 0, 100, 200)


@given(
    keys=st.text("wasd+-rfu0", max_size=60),
    drags=st.lists(st.tuples(*[st.tuples(st.integers(-9, 700), st.integers(-9, 500))] * 2)),
    shape=st.sampled_from([(256, 256), (256, 128), (128, 256)]),
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_done_the_crop_stays_inside_and_in_shape(
    keys: str, drags: list[tuple[tuple[int, int], tuple[int, int]]], shape: tuple[int, int]
) -> None:
    it = editor(shape)
    for index in range(max(len(keys), len(drags))):
        if index < len(drags):
            it.drag(*drags[index])
        if index < len(keys):
            it.key(keys[index])
        _, _, width, height = crop_px(it.view, SIZE_PX)  # raises where it lies outside
        if it.view.roi_px is not None:
            turned = it.view.rotation_deg in (90, 270)
            aspect = shape[1] / shape[0] if turned else shape[0] / shape[1]
            assert height == pytest.approx(width / aspect, abs=1)
