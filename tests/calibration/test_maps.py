"""The view table: where each pixel comes from, and that straight lines come straight."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.board.detect import Detector, Sighting
from calibration.images import Picture
from calibration.maps import ViewTable, ideal_camera, view_places
from calibration.opencv import cv2
from calibration.profile import Intrinsics, ProfileError, View
from tests.calibration import simulated
from tests.calibration.simulated import BOARD, FISHEYE, PINHOLE, BoardCamera, Pose, board_poses

SIZE_PX = (640, 480)
OFF_CENTRE = (250, 100, 300, 300)


def noise(width: int, height: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("rotation_deg", [0, 90, 180, 270])
def test_at_its_own_size_a_view_is_the_crop_turned_then_mirrored(
    rotation_deg: int, flip: bool
) -> None:
    view = View.model_validate(
        {"roi_px": (20, 10, 32, 24), "rotation_deg": rotation_deg, "flip": flip}
    )
    image = noise(70, 50)
    expected = np.rot90(image[10:34, 20:52], k=-rotation_deg // 90)
    expected = expected[:, ::-1] if flip else expected
    out = ViewTable(view, (70, 50), (expected.shape[1], expected.shape[0]))(image)
    np.testing.assert_array_equal(out, expected)
    assert out.flags.c_contiguous


@pytest.mark.parametrize("times", [2, 3, 4])
def test_shrinking_averages_instead_of_skipping_pixels(times: int) -> None:
    image = noise(16 * times, 16 * times)
    expected = image.reshape(16, times, 16, times, 3).mean(axis=(1, 3))
    out = ViewTable(View(), (16 * times, 16 * times), (16, 16))(image)
    # OpenCV's blur rounds a quarter of a level up to a whole one.
    np.testing.assert_allclose(out, expected, atol=0.8)


def test_enlarging_darkens_no_edge() -> None:
    image = np.full((48, 64, 3), 200, np.uint8)
    assert (ViewTable(View(), (64, 48), (256, 256))(image) == 200).all()


@pytest.mark.parametrize("rotation_deg", [0, 90])
@pytest.mark.parametrize("shrink", [1.4, 1.875, 2.5, 3.3])
def test_other_sizes_agree_with_an_area_resize(shrink: float, rotation_deg: int) -> None:
    side = round(96 * shrink)
    image = cv2.GaussianBlur(noise(side, side), (0, 0), 2)
    view = View.model_validate({"rotation_deg": rotation_deg})
    expected = cv2.resize(image, (96, 96), interpolation=cv2.INTER_AREA)
    expected = np.rot90(expected, k=-rotation_deg // 90).astype(float)
    off = ViewTable(view, (side, side), (96, 96))(image) - expected
    assert np.sqrt((off**2).mean()) < 2


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("rotation_deg", [0, 90, 180, 270])
@pytest.mark.parametrize("lens", [PINHOLE, FISHEYE])
def test_an_undistorted_view_is_an_ideal_camera(
    lens: Intrinsics, rotation_deg: int, flip: bool
) -> None:
    """Points of the scene, through the lens (by OpenCV) and through the ideal camera."""
    view = View.model_validate(
        {"roi_px": OFF_CENTRE, "rotation_deg": rotation_deg, "flip": flip, "undistort": True}
    )
    model_size_px = (64, 48)
    ideal = ideal_camera(view, lens, model_size_px)
    assert np.degrees(2 * np.arctan(24 / ideal.focal_px)) == pytest.approx(ideal.vertical_fov_deg)
    rng = np.random.default_rng(0)
    pixels = rng.integers((0, 0), model_size_px, (40, 2))
    plane = (pixels + 0.5 - np.array(model_size_px) / 2) / ideal.focal_px
    plane *= (-1, 1) if flip else (1, 1)
    scene = np.column_stack([plane, np.ones(40)]) * rng.uniform(0.1, 2, (40, 1))
    seen = simulated.project(lens, scene, Pose(turn=ideal.ideal_from_camera.T, shift_m=np.zeros(3)))
    places = view_places(view, SIZE_PX, model_size_px, lens)
    got = places[pixels[:, 1], pixels[:, 0]]
    shown = np.isfinite(got).all(axis=1)
    assert shown.mean() > 0.9
    np.testing.assert_allclose(got[shown], seen[shown], atol=1e-3)


@pytest.mark.parametrize("rotation_deg", [0, 90])
def test_an_undistorted_view_looks_where_the_crop_did(rotation_deg: int) -> None:
    view = View.model_validate({"roi_px": OFF_CENTRE, "rotation_deg": rotation_deg})
    plain = view_places(view, SIZE_PX, (65, 65))
    straight = view_places(view.model_copy(update={"undistort": True}), SIZE_PX, (65, 65), FISHEYE)
    middle, top, side = (32, 32), (0, 32), (32, 64)
    np.testing.assert_allclose(straight[middle], plain[middle], atol=1e-3)
    # The crop's edges are just taken in: on the widest side exactly, on the others with a margin.
    for edge in (top, side):
        reach = straight[edge] - straight[middle]
        wanted = plain[edge] - plain[middle]
        assert reach @ wanted / (wanted @ wanted) > 0.97
        assert reach @ wanted / np.linalg.norm(reach) / np.linalg.norm(wanted) > 0.98


def test_a_view_at_the_cameras_own_scale_is_an_array_of_its_own() -> None:
    """Its reader may keep it while the camera writes the next picture into the same memory."""
    image = noise(*SIZE_PX)
    for view in (View(roi_px=(0, 0, 640, 480)), View(roi_px=(0, 0, 640, 480), flip=True)):
        out = ViewTable(view, SIZE_PX, SIZE_PX)(image)
        assert not np.shares_memory(out, image)
        assert out.flags.c_contiguous


def test_an_image_that_nobody_writes_to_is_shown_without_a_copy() -> None:
    image = noise(*SIZE_PX)
    image.flags.writeable = False
    whole, part = View(roi_px=(0, 0, 640, 480)), View(roi_px=(64, 32, 256, 128))
    assert np.shares_memory(ViewTable(whole, SIZE_PX, SIZE_PX)(image), image)
    out = ViewTable(part, SIZE_PX, (256, 128))(image)
    assert out.flags.c_contiguous
    np.testing.assert_array_equal(out, image[32:160, 64:320])


def test_a_real_picture_of_a_board_becomes_flat() -> None:
    image = BoardCamera(FISHEYE, BOARD).picture(board_poses(FISHEYE, BOARD, 16)[6])
    view = View(roi_px=(120, 20, 440, 440), undistort=True)
    before = _bend_px(image)
    after = _bend_px(ViewTable(view, SIZE_PX, (480, 480), FISHEYE)(image))
    assert before > 3
    assert after < 0.3


def _bend_px(image: np.ndarray) -> float:
    """How far the board's corners are from those of a flat board: RMS in pixels."""
    seen = Detector(BOARD)(Picture(name="", image=image))
    assert isinstance(seen, Sighting)
    homography = cv2.findHomography(seen.points_m[:, :2], seen.corners_px)[0]
    flat = cv2.perspectiveTransform(seen.points_m[None, :, :2], homography)[0]
    return float(np.sqrt(((flat - seen.corners_px) ** 2).sum(axis=1).mean()))


def test_what_the_camera_does_not_see_is_black() -> None:
    view = View(roi_px=(0, 0, 200, 480), undistort=True)
    out = ViewTable(view, SIZE_PX, (64, 64), FISHEYE)(np.full((480, 640, 3), 200, np.uint8))
    assert (out[:, 0] == 0).all()
    assert (out[32, 32] == 200).all()


@pytest.mark.parametrize(
    "roi_px", [(-1, 0, 10, 10), (0, 0, 641, 10), (600, 0, 41, 10), (0, 471, 10, 10), (0, 0, 0, 10)]
)
def test_a_crop_outside_of_the_picture_is_refused(roi_px: tuple[int, int, int, int]) -> None:
    with pytest.raises(ProfileError, match=r"640x480: correct view\.roi_px"):
        ViewTable(View(roi_px=roi_px), SIZE_PX, (32, 32))


def test_undistorting_needs_the_lens_of_this_very_size() -> None:
    view = View(undistort=True)
    with pytest.raises(ProfileError, match="no intrinsics: run python -m calibration board"):
        ViewTable(view, SIZE_PX, (32, 32))
    with pytest.raises(ProfileError, match="for 640x480, the camera gives 320x240"):
        ViewTable(view, (320, 240), (32, 32), FISHEYE)


def test_a_crop_too_wide_to_be_straight_is_refused() -> None:
    very_wide = FISHEYE.model_copy(update={"focal_px": (150.0, 150.0)})
    with pytest.raises(ProfileError, match=r"spans 1[6-9][0-9] degrees"):
        ViewTable(View(undistort=True), SIZE_PX, (32, 32), very_wide)
