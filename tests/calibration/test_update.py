"""Merging into a profile: what was there stays, what no longer fits is said."""

from __future__ import annotations

from pathlib import Path

from calibration.profile import CameraProfile, Photometric, View
from calibration.update import update_profile
from tests.calibration.simulated import FISHEYE, PINHOLE
from tests.calibration.test_profile import FULL


def test_a_new_profile_is_made(tmp_path: Path) -> None:
    path = tmp_path / "cam.json"
    assert update_profile(path, "my camera", view=View(flip=True)) == []
    assert CameraProfile.load(path) == CameraProfile(camera="my camera", view=View(flip=True))


def test_the_rest_of_a_profile_stays(tmp_path: Path) -> None:
    path = tmp_path / "cam.json"
    FULL.save(path)
    photometric = Photometric(black_level=3)
    assert update_profile(path, "ignored", photometric=photometric) == []
    assert CameraProfile.load(path) == FULL.model_copy(update={"photometric": photometric})


def test_a_new_lens_makes_the_viewpoint_doubtful(tmp_path: Path) -> None:
    path = tmp_path / "cam.json"
    FULL.save(path)
    (note,) = update_profile(path, "ignored", intrinsics=PINHOLE)
    assert "viewpoint was found with the lens as it was known before" in note
    assert update_profile(path, "ignored", intrinsics=PINHOLE) == []
    assert CameraProfile.load(path).viewpoint == FULL.viewpoint
    assert FULL.intrinsics == FISHEYE
