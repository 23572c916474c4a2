"""`python -m calibration board`, from pictures of a board through two lenses to a profile."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from calibration.__main__ import main
from calibration.images import first_picture, write_image
from calibration.profile import CameraProfile, Intrinsics, View
from tests.calibration.board.test_fit import assert_recovered
from tests.calibration.simulated import (
    BOARD,
    FISHEYE,
    PINHOLE,
    BoardCamera,
    board_poses,
    write_clip,
)
from tests.end_to_end.own_user import write_board_photos


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line that the command ends with."""
    with pytest.raises(SystemExit) as ending:
        main(["board", *map(str, arguments)])
    assert ending.value.code == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1, error
    return error


@pytest.mark.parametrize("lens", [PINHOLE, FISHEYE])
def test_the_lens_is_found_from_pictures(
    lens: Intrinsics,
    board_folders: dict[str, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "cam.json"
    CameraProfile(camera="mine", view=View(flip=True)).save(path)
    main(["board", "--images", str(board_folders[lens.model]), "--model", lens.model,
          "--profile", str(path)])  # fmt: skip
    profile = CameraProfile.load(path)
    assert (profile.camera, profile.view.flip) == ("mine", True)
    assert profile.intrinsics is not None
    assert_recovered(lens, profile.intrinsics)
    assert profile.intrinsics.rms_px is not None
    assert profile.intrinsics.rms_px < 0.15
    said = capsys.readouterr().out
    assert "16 pictures: " in said
    assert "reprojection error 0.0" in said
    assert "px RMS over 1" in said
    coverage_map = first_picture(tmp_path / "cam.coverage.png").image
    assert coverage_map.shape[1] == 640


def test_bad_pictures_among_good_ones_are_named(
    board_folders: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(board_folders["pinhole"], tmp_path / "pictures")
    camera = BoardCamera(PINHOLE, BOARD)
    poses = board_poses(PINHOLE, BOARD, 16)
    write_image(folder / "soft.png", camera.picture(poses[6], blur_px=5))
    write_image(
        folder / "wall.png", np.random.default_rng(0).integers(0, 255, (480, 640), np.uint8)
    )
    # A board that bends: the same corners, in a picture that is pulled to one side.
    bent = camera.picture(poses[5])
    rows = np.arange(480)
    for row in rows:
        bent[row] = np.roll(bent[row], round(6 * np.sin(row / 60)), axis=0)
    write_image(folder / "bent.png", bent)
    main(["board", "--images", str(folder), "--profile", str(tmp_path / "cam.json")])
    said = capsys.readouterr().out
    assert "1 blurred (soft.png)" in said
    assert "1 with no board or too little of it (wall.png)" in said
    assert "left out, they do not fit the others: bent.png" in said


def test_what_must_not_be_believed_is_refused(
    board_folders: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cam.json"
    folder = board_folders["fisheye"]

    error = refused(capsys, "--images", folder, "--profile", path)
    assert "75% of them must agree, got 8 of 16: try --model fisheye" in error

    error = refused(
        capsys, "--images", board_folders["pinhole"], "--profile", path, "--max-rms-px", 0.02
    )
    assert "reprojection error of at most 0.02 px is asked for, got 0.0" in error

    error = refused(capsys, "--images", folder, "--profile", path, "--squares", 9, 8)
    assert "8 views of the board are needed, got 0" in error
    assert "markers that are not where a board of 9x8 squares" in error

    error = refused(capsys, "--images", folder, "--profile", path, "--dictionary", "6x6_100")
    assert "the pictures show markers of 5x5_250" in error
    assert not path.exists()


def test_a_fisheye_that_three_quarters_of_the_views_take_for_a_pinhole_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_board_photos(tmp_path / "photos")
    error = refused(
        capsys, "--images", tmp_path / "photos", "--profile", tmp_path / "cam.json",
        "--square-mm", 12, "--marker-mm", 8.6,
    )  # fmt: skip
    assert "the pinhole lens that fits 9 views shows nothing where the board was seen in" in error
    assert "try --model fisheye" in error
    assert not (tmp_path / "cam.json").exists()


def test_too_few_views_and_too_little_of_the_picture_are_refused(
    board_folders: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for name in ("05.png", "06.png", "09.png"):
        shutil.copy(board_folders["pinhole"] / name, few)
    error = refused(capsys, "--images", few, "--profile", tmp_path / "cam.json")
    assert "8 views of the board are needed, got 3: take more" in error

    left = tmp_path / "left"
    left.mkdir()
    for index in (0, 1, 5, 6, 10, 11, 15):  # of five columns of views, the first two
        shutil.copy(board_folders["pinhole"] / f"{index:02d}.png", left)
    error = refused(
        capsys, "--images", left, "--profile", tmp_path / "cam.json", "--min-views", 5,
        "--min-coverage", 0.9,
    )  # fmt: skip
    assert "the board must have been in 90% of the picture, got" in error
    assert "right as well, right to the edge" in error
    assert (tmp_path / "cam.coverage.png").exists()
    assert not (tmp_path / "cam.json").exists()


def test_a_blurred_set_is_refused_as_blurred(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    camera = BoardCamera(PINHOLE, BOARD)
    for index, pose in enumerate(board_poses(PINHOLE, BOARD, 4)):
        write_image(tmp_path / f"{index}.png", camera.picture(pose, blur_px=5))
    error = refused(capsys, "--images", tmp_path, "--profile", tmp_path / "cam.json")
    assert "most pictures are blurred" in error


def test_a_video_gives_the_views_in_which_the_board_is_still(
    board_folders: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = [first_picture(path).image for path in sorted(board_folders["pinhole"].iterdir())]
    clip = write_clip(tmp_path / "clip.avi", [image for image in images for _ in range(2)])
    main(["board", "--camera", str(clip), "--profile", str(tmp_path / "cam.json"),
          "--window", "no", "--keep", str(tmp_path / "kept"), "--name", "clip"])  # fmt: skip
    profile = CameraProfile.load(tmp_path / "cam.json")
    assert profile.camera == "clip"
    assert profile.intrinsics is not None
    np.testing.assert_allclose(profile.intrinsics.focal_px, PINHOLE.focal_px, rtol=0.01)
    kept = len(list((tmp_path / "kept").iterdir()))
    assert 8 <= kept <= 16
    assert f"{kept}/20 views" in capsys.readouterr().out


def test_the_board_alone_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["board", "--print", str(tmp_path / "board.png"), "--dpi", "100"])
    assert "print it at 100 %" in capsys.readouterr().out
    assert (tmp_path / "board.png").exists()
