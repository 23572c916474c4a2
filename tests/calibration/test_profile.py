"""The profile: files of before this version, other resolutions, impossible values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from calibration.lens import project
from calibration.profile import (
    CameraProfile,
    Intrinsics,
    Photometric,
    ProfileError,
    View,
    Viewpoint,
)
from tests.calibration.simulated import FISHEYE, PINHOLE

FULL = CameraProfile(
    camera="a test",
    view=View(roi_px=(80, 0, 480, 480), rotation_deg=90, undistort=True, size_px=(640, 480)),
    intrinsics=FISHEYE,
    photometric=Photometric(black_level=16.0, white_balance=(1.2, 1.0, 1.4), gain=1.1),
    viewpoint=Viewpoint(
        position_m=(0.0, 0.0, 0.1), look_at_m=(0.0, 0.0, 0.0), vertical_fov_deg=60.0,
        camera_from_head=((1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, -1.0)),
    ),
)  # fmt: skip


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    FULL.save(tmp_path / "cam.json")
    assert CameraProfile.load(tmp_path / "cam.json") == FULL
    assert [p.name for p in tmp_path.iterdir()] == ["cam.json"]


def test_a_file_from_before_undistortion_and_exact_poses_is_read(tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    path.write_text(
        '{"version": 1, "camera": "simulated", "view": {"roi_px": null, "rotation_deg": 0, '
        '"flip": false}, "intrinsics": null, "photometric": null, "viewpoint": {"position_m": '
        '[0.0, -0.004, 0.1], "look_at_m": [0.0, -0.018, 0.0], "up": [0.0, 1.0, 0.0], '
        '"vertical_fov_deg": 56.0}}'
    )
    profile = CameraProfile.load(path)
    assert profile.view == View()
    assert profile.viewpoint is not None
    assert profile.viewpoint.camera_from_head is None


@pytest.mark.parametrize("lens", [PINHOLE, FISHEYE])
def test_a_lens_of_another_resolution_sees_the_same_rays_at_scaled_pixels(lens: Intrinsics) -> None:
    points = np.random.default_rng(0).uniform((-0.5, -0.4, 1), (0.5, 0.4, 1), (50, 3))
    scaled = lens.scaled_to((1280, 960))
    # The picture's corner, half a pixel outside of the first pixel's middle, stays the corner.
    expected = (project(lens, points) + 0.5) * 2 - 0.5
    np.testing.assert_allclose(project(scaled, points), expected, atol=1e-9)
    assert scaled.scaled_to((640, 480)) == lens


def test_rounding_to_whole_pixels_is_no_other_shape() -> None:
    assert PINHOLE.scaled_to((427, 320)).size_px == (427, 320)


def test_a_profile_is_scaled_as_a_whole_and_says_so() -> None:
    fitting, note = FULL.for_size((320, 240))
    assert fitting.view.roi_px == (40, 0, 240, 240)
    assert fitting.intrinsics == FISHEYE.scaled_to((320, 240))
    assert note == "the profile of a test is scaled from 640x480 to 320x240"
    assert FULL.for_size((640, 480)) == (FULL, None)


def test_a_profile_for_pictures_of_another_shape_is_refused() -> None:
    message = "640x480, the camera gives 1280x720, which is another shape: ask the camera"
    with pytest.raises(ProfileError, match=message):
        FULL.for_size((1280, 720))
    with pytest.raises(ProfileError, match=message):
        FULL.view.scaled_to((1280, 720))


@pytest.mark.parametrize(
    "change",
    [
        {"model": "pinhole", "distortion": (0.1, 0.1, 0.1)},
        {"model": "fisheye", "distortion": (0.1, 0.1, 0.1, 0.1, 0.1)},
        {"focal_px": (0.0, 1.0)},
        {"focal_px": (float("nan"), 1.0)},
        {"size_px": (0, 480)},
    ],
)
def test_an_impossible_lens_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Intrinsics.model_validate(PINHOLE.model_dump() | change)


def test_a_matrix_that_is_no_rotation_is_refused(tmp_path: Path) -> None:
    text = FULL.model_dump_json().replace("[0.0,-1.0,0.0]", "[0.0,-1.1,0.0]")
    (tmp_path / "cam.json").write_text(text)
    with pytest.raises(ProfileError, match="no rotation matrix"):
        CameraProfile.load(tmp_path / "cam.json")


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="cannot write camera profile"):
        FULL.save(tmp_path / "nowhere" / "cam.json")
