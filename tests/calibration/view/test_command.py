"""`python -m calibration view`: numbers into the profile, and a preview to look at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from calibration.__main__ import main
from calibration.images import first_picture, write_image
from calibration.profile import CameraProfile, View
from calibration.viewpoint.pose import viewpoint_of
from calibration.window import display_available
from tests.calibration.simulated import FISHEYE


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    """Left half red, right half blue."""
    image = np.zeros((480, 640, 3), np.uint8)
    image[:, :320], image[:, 320:] = (200, 0, 0), (0, 0, 200)
    path = tmp_path / "scene.png"
    write_image(path, image)
    return path


def run(*arguments: object) -> None:
    main(["view", *map(str, arguments)])


def test_numbers_become_the_view_and_the_preview_shows_it(scene: Path, tmp_path: Path) -> None:
    path = tmp_path / "cam.json"
    run("--source", scene, "--profile", path, "--roi", 200, 100, 240, 240, "--rotation", 90,
        "--flip", "--name", "mine")  # fmt: skip
    assert CameraProfile.load(path) == CameraProfile(
        camera="mine",
        view=View(roi_px=(200, 100, 240, 240), rotation_deg=90, flip=True, size_px=(640, 480)),
    )
    after = first_picture(tmp_path / "cam.view.png").image[:480, -480:]
    # Turned clockwise, what was left (red) is on top; mirrored, it stays there.
    assert after[60, 240].tolist() == [200, 0, 0]
    assert after[420, 240].tolist() == [0, 0, 200]


def test_what_is_not_given_is_the_default(scene: Path, tmp_path: Path) -> None:
    path = tmp_path / "cam.json"
    run("--source", scene, "--profile", path, "--rotation", 180)
    run("--source", scene, "--profile", path, "--flip")
    assert CameraProfile.load(path).view == View(flip=True, size_px=(640, 480))


def test_a_known_pose_is_seen_through_the_new_view(scene: Path, tmp_path: Path) -> None:
    path = tmp_path / "cam.json"
    turn, position = np.diag([1.0, -1.0, -1.0]), np.array([0.0, 0.0, 0.1])
    viewpoint = viewpoint_of(turn, position, View(), FISHEYE, (256, 256), 0.5)
    CameraProfile(camera="mine", intrinsics=FISHEYE, viewpoint=viewpoint).save(path)
    run("--source", scene, "--profile", path, "--roi", 0, 120, 240, 240, "--rotation", 90)
    after = CameraProfile.load(path).viewpoint
    assert after is not None
    assert (after.position_m, after.camera_from_head) == (
        viewpoint.position_m, viewpoint.camera_from_head,
    )  # fmt: skip
    assert after.vertical_fov_deg < viewpoint.vertical_fov_deg
    # The crop lies at the picture's left, where the camera's own left, -x of the head, is.
    assert after.look_at_m[0] < -0.04
    # Turned clockwise, the picture's left is the view's top.
    assert after.up[0] < -0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--roi", 600, 0, 100, 100), r"crop x=600 y=0 100x100 does not lie inside"),
        (("--undistort",), "no intrinsics: run python -m calibration board"),
    ],
)
def test_a_view_that_cannot_be_had_is_refused(
    arguments: tuple[object, ...],
    message: str,
    scene: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        run("--source", scene, "--profile", tmp_path / "cam.json", *arguments)
    assert message in capsys.readouterr().err
    assert not (tmp_path / "cam.json").exists()


def test_a_profile_of_another_shape_is_refused(
    scene: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wide = FISHEYE.model_copy(update={"size_px": (1280, 720)})
    CameraProfile(camera="mine", intrinsics=wide).save(tmp_path / "cam.json")
    with pytest.raises(SystemExit):
        run("--source", scene, "--profile", tmp_path / "cam.json")
    assert "1280x720, the camera gives 640x480, which is another shape" in capsys.readouterr().err


def test_a_lens_of_another_size_is_scaled_and_it_is_said(
    scene: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cam.json"
    half = FISHEYE.scaled_to((320, 240))
    CameraProfile(camera="a test", intrinsics=half).save(path)
    run("--source", scene, "--profile", path)
    said = capsys.readouterr().out
    assert "the profile of a test is scaled from 320x240 to 640x480" in said
    run("--source", scene, "--profile", tmp_path / "other.json")
    assert "scaled" not in capsys.readouterr().out


def test_where_no_window_can_be_shown_the_numbers_are_named(
    scene: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if display_available():
        pytest.skip("there is a display here")
    with pytest.raises(SystemExit):
        run("--source", scene, "--profile", tmp_path / "cam.json", "--window")
    assert "no window can be shown here" in capsys.readouterr().err
