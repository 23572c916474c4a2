"""`python -m calibration viewpoint`: from a file of points to a pose in the profile."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from calibration.__main__ import main
from calibration.images import first_picture, write_image
from calibration.profile import CameraProfile
from calibration.viewpoint.points import Point, save_points
from calibration.window import display_available
from tests.calibration.simulated import FISHEYE, PINHOLE
from tests.calibration.viewpoint.test_solve import FACE, clicks, truth


@pytest.fixture
def setup(tmp_path: Path) -> Path:
    """A folder with a profile, a picture, and points."""
    CameraProfile(camera="mine", intrinsics=FISHEYE).save(tmp_path / "cam.json")
    write_image(tmp_path / "face.png", np.full((480, 640, 3), 90, np.uint8))
    write_points(tmp_path, clicks(FISHEYE, truth(0)).tolist())
    return tmp_path


def write_points(folder: Path, pixels: Sequence[Sequence[float] | None]) -> None:
    points = [
        Point(name=f"p{index}", head_m=tuple(head), pixel=None if pixel is None else tuple(pixel))
        for index, (head, pixel) in enumerate(zip(FACE.tolist(), pixels, strict=True))
    ]
    save_points(points, folder / "points.json")


def run(folder: Path, *arguments: object) -> None:
    main(["viewpoint", "--profile", str(folder / "cam.json"),
          "--points", str(folder / "points.json"), "--source", str(folder / "face.png"),
          *map(str, arguments)])  # fmt: skip


def test_the_pose_goes_into_the_profile_and_the_overlay_shows_it(
    setup: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(setup)
    viewpoint = CameraProfile.load(setup / "cam.json").viewpoint
    assert viewpoint is not None
    assert viewpoint.camera_from_head is not None
    pose = truth(0)
    off_m = np.array(viewpoint.position_m) + pose.turn.T @ pose.shift_m
    assert np.linalg.norm(off_m) < 0.003
    assert viewpoint.rms_px is not None
    assert viewpoint.rms_px < 2.5
    assert "px RMS over 16 points" in capsys.readouterr().out
    shown = first_picture(setup / "cam.viewpoint.png").image
    assert shown.shape[:2] == (480 * 2 + 8 + (3 + 16) * 22, 1280)
    assert (shown[:960] != 90).any(axis=2).sum() > 2000


def test_a_picture_of_another_resolution_is_scaled_and_of_another_shape_refused(
    setup: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_image(setup / "face.png", np.full((240, 320, 3), 90, np.uint8))
    write_points(setup, ((clicks(FISHEYE, truth(0), noise_px=0) + 0.5) / 2 - 0.5).tolist())
    run(setup)
    assert "scaled from 640x480 to 320x240" in capsys.readouterr().out
    profile = CameraProfile.load(setup / "cam.json")
    assert profile.intrinsics == FISHEYE
    assert profile.viewpoint is not None
    pose = truth(0)
    np.testing.assert_allclose(profile.viewpoint.position_m, -pose.turn.T @ pose.shift_m, atol=1e-4)

    write_image(setup / "face.png", np.full((400, 320, 3), 90, np.uint8))
    with pytest.raises(SystemExit):
        run(setup)
    assert "which is another shape" in capsys.readouterr().err


def test_what_is_missing_is_said(setup: Path, capsys: pytest.CaptureFixture[str]) -> None:
    CameraProfile(camera="mine").save(setup / "cam.json")
    with pytest.raises(SystemExit):
        run(setup)
    assert "does not know the lens: run python -m calibration board" in capsys.readouterr().err
    if display_available():
        pytest.skip("there is a display here: points without a pixel are asked for in a window")
    CameraProfile(camera="mine", intrinsics=PINHOLE).save(setup / "cam.json")
    write_points(setup, [None] * len(FACE))
    with pytest.raises(SystemExit):
        run(setup)
    assert "give the pixels in the points' file" in capsys.readouterr().err


def test_a_refused_pose_leaves_the_profile_as_it_was(
    setup: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (setup / "cam.json").read_bytes()
    with pytest.raises(SystemExit) as ending:
        run(setup, "--max-rms-px", 0.1)
    assert ending.value.code == 1
    error = capsys.readouterr().err
    assert "an error of at most 0.1 px RMS is asked for" in error
    assert error.count("\n") == 1
    assert (setup / "cam.json").read_bytes() == before
