"""The view map: where each corner goes, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.profile import CameraProfile, Intrinsics, Photometric, ProfileError, View
from calibration.view_map import ViewMap

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def four_corners(width: int, height: int) -> np.ndarray:
    """Quarters in four colours: red green over blue white; read-only, as frames are."""
    image = np.empty((height, width, 3), np.uint8)
    image[: height // 2, : width // 2], image[: height // 2, width // 2 :] = RED, GREEN
    image[height // 2 :, : width // 2], image[height // 2 :, width // 2 :] = BLUE, WHITE
    image.flags.writeable = False
    return image


def seen_as(view: View, intrinsics: Intrinsics | None = None) -> CameraProfile:
    return CameraProfile(camera="a test", view=view, intrinsics=intrinsics)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("rotation_deg", [0, 90, 180, 270])
@pytest.mark.parametrize("side_px", [32, 64, 128])  # enlarged, as it is, shrunk
def test_every_orientation_is_the_turn_then_the_mirror(
    rotation_deg: int, flip: bool, side_px: int
) -> None:
    view = View.model_validate({"rotation_deg": rotation_deg, "flip": flip})
    expected = np.rot90(four_corners(64, 64), k=-rotation_deg // 90)
    expected = expected[:, ::-1] if flip else expected

    out = ViewMap(seen_as(view), (64, 64))(four_corners(side_px, side_px))

    assert out.shape == (1, 64, 64, 3)
    assert out.dtype == np.uint8
    assert out.flags.c_contiguous
    corners = np.s_[[8, 8, 55, 55], [8, 55, 8, 55]]
    np.testing.assert_array_equal(out[0][corners], expected[corners])


def test_clockwise_is_clockwise() -> None:
    out = ViewMap(seen_as(View(rotation_deg=90)), (64, 64))(four_corners(64, 64))[0]
    # red green / blue white, turned clockwise, is blue red / white green.
    assert [tuple(out[y, x]) for y, x in ((8, 8), (8, 55), (55, 8), (55, 55))] == [
        BLUE,
        RED,
        WHITE,
        GREEN,
    ]


def test_a_turned_crop_fits_a_model_that_is_not_square() -> None:
    view = View(roi_px=(0, 0, 40, 80), rotation_deg=90)
    out = ViewMap(seen_as(view), (80, 40))(four_corners(100, 100))
    assert out.shape == (1, 40, 80, 3)


def test_the_default_crop_is_the_largest_centred_square() -> None:
    image = np.zeros((48, 64, 3), np.uint8)
    image[:, 8:56] = 200
    np.testing.assert_array_equal(ViewMap(seen_as(View()), (48, 48))(image)[0], image[:, 8:56])


def test_shrinking_averages_instead_of_skipping_pixels() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 200
    out = ViewMap(seen_as(View()), (16, 16))(stripes)
    np.testing.assert_array_equal(out, np.full_like(out, 100))


def test_the_crop_is_the_one_that_was_asked_for() -> None:
    image = np.random.default_rng(1).integers(0, 256, (50, 70, 3), np.uint8)
    out = ViewMap(seen_as(View(roi_px=(20, 10, 32, 32))), (32, 32))(image)
    np.testing.assert_array_equal(out[0], image[10:42, 20:52])


def test_what_comes_out_is_not_a_window_into_the_camera_image() -> None:
    image = np.zeros((32, 32, 3), np.uint8)
    out = ViewMap(seen_as(View()), (32, 32))(image)
    assert not np.shares_memory(out, image)


@pytest.mark.parametrize(
    "roi_px", [(-1, 0, 10, 10), (0, 0, 65, 10), (60, 0, 10, 10), (0, 40, 10, 10), (0, 0, 0, 10)]
)
def test_a_crop_outside_of_the_picture_is_refused(roi_px: tuple[int, int, int, int]) -> None:
    with pytest.raises(ProfileError, match=r"64x48: correct view\.roi_px"):
        ViewMap(seen_as(View(roi_px=roi_px)), (32, 32))(np.zeros((48, 64, 3), np.uint8))


def test_a_profile_for_another_size_is_scaled_and_says_so() -> None:
    view = View(roi_px=(20, 10, 32, 32), size_px=(70, 50))
    image = np.zeros((100, 140, 3), np.uint8)
    image[20:84, 40:104] = 200
    said: list[str] = []
    out = ViewMap(seen_as(view), (32, 32), said.append)(image)
    assert (out == 200).all()
    assert said == ["the profile of a test is scaled from 70x50 to 140x100"]


def test_another_size_gets_another_table_which_is_said_once() -> None:
    said: list[str] = []
    view_map = ViewMap(seen_as(View()), (32, 32), said.append)
    for side_px in (32, 32, 64, 64):
        assert view_map(four_corners(side_px, side_px)).shape == (1, 32, 32, 3)
    assert said == ["the source changed from 32x32 to 64x64 pixels"]


def test_the_lens_is_straightened_where_the_profile_asks_for_it() -> None:
    lens = Intrinsics(
        model="pinhole",
        size_px=(64, 64),
        focal_px=(40.0, 40.0),
        centre_px=(31.5, 31.5),
        distortion=(-0.3, 0.05, 0.0, 0.0),
    )
    image = np.zeros((64, 64, 3), np.uint8)
    image[:, 10] = 255  # a straight line in the camera is a bent one out there
    bent = ViewMap(seen_as(View(undistort=True), lens), (64, 64))(image)
    straight = ViewMap(seen_as(View(), lens), (64, 64))(image)
    np.testing.assert_array_equal(straight[0], image)
    assert (bent != straight).any()


def test_the_levels_are_corrected_after_the_drift_is_watched() -> None:
    levels = Photometric(black_level=10.0, white_balance=(1.5, 1.0, 0.5), gain=1.2)
    watched: list[np.ndarray] = []
    profile = CameraProfile(camera="a test", photometric=levels)
    view_map = ViewMap(profile, (64, 64), on_view=watched.append)
    image = np.full((64, 64, 3), 110, np.uint8)

    out = view_map(image)

    assert out.shape == (1, 64, 64, 3)
    assert out[0, 0, 0].tolist() == [180, 120, 60]
    np.testing.assert_array_equal(watched[0], image)


def test_levels_that_change_nothing_cost_no_look_up() -> None:
    plain = CameraProfile(camera="a test", photometric=Photometric())
    image = four_corners(64, 64)
    np.testing.assert_array_equal(ViewMap(plain, (64, 64))(image)[0], image)
