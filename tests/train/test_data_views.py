"""What a network is given of a session's pictures: its own profile's view, another one's, a square.

That it is what the live model is shown, byte for byte, is tested in tests/realtime/test_replay.py.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from calibration.profile import CameraProfile, View
from tests.realtime.sessions.recorded import frame, noise, record
from tests.train.conftest import write_images
from tests.train.test_data_sources import write_video
from train.data import ImageSet, load_profile
from train.errors import BadData

IMAGES = noise(3)
TURNED = CameraProfile(camera="a test", view=View(roi_px=(8, 4, 40, 40), rotation_deg=90))
LEFT = CameraProfile(camera="a test", view=View(roi_px=(0, 0, 40, 40)))


def session(folder: Path, profile: CameraProfile | None) -> Path:
    record(folder, [frame(image, seq) for seq, image in enumerate(IMAGES)])
    path = folder / "session.json"
    kept = None if profile is None else profile.model_dump(mode="json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"profile": kept}))
    return folder


def test_a_session_is_seen_by_the_profile_that_it_was_recorded_with(tmp_path: Path) -> None:
    images = ImageSet(session(tmp_path / "s", TURNED), 40, tmp_path / "cache")
    expected = [np.rot90(image[4:44, 8:48], -1) for image in IMAGES]
    np.testing.assert_array_equal(images.images, expected)
    assert images.notes == ["seen by a camera profile, as the live model sees: s"]


def test_another_profile_is_another_view_and_not_taken_from_the_cache(tmp_path: Path) -> None:
    folder, kept_in = session(tmp_path / "s", TURNED), tmp_path / "cache"
    before = ImageSet(folder, 40, kept_in)
    after = ImageSet(folder, 40, kept_in, profile=LEFT)
    np.testing.assert_array_equal(after.images, [image[:40, :40] for image in IMAGES])
    assert after.key != before.key


def test_without_a_profile_the_square_is_used_and_that_is_said(tmp_path: Path) -> None:
    folder = session(tmp_path / "s", None)
    images = ImageSet(folder, 48, tmp_path / "cache")
    np.testing.assert_array_equal(images.images, [image[:, 8:56] for image in IMAGES])
    assert images.notes[-1] == (
        "recorded without a camera profile, so the centred square is used: s; --profile gives one"
    )


def test_a_small_crop_is_said_to_be_enlarged(tmp_path: Path) -> None:
    images = ImageSet(session(tmp_path / "s", TURNED), 64, tmp_path / "cache")
    assert images.notes[0] == "3 smaller than 64 pixels: enlarged, so they are blurred"


def test_a_profile_of_other_pictures_is_refused(tmp_path: Path) -> None:
    wide = CameraProfile(camera="a test", view=View(roi_px=(600, 0, 40, 40)))
    with pytest.raises(BadData, match=r"does not lie inside .* --profile gives another one"):
        ImageSet(session(tmp_path / "s", wide), 40, tmp_path / "cache")


def test_a_video_is_seen_by_the_profile_that_is_given(tmp_path: Path) -> None:
    upper = CameraProfile(camera="a test", view=View(roi_px=(0, 0, 64, 32)))
    video = write_video(tmp_path / "clip.avi", size=64)
    whole, part = (
        ImageSet(video, 32, tmp_path / "cache", profile=profile) for profile in (None, upper)
    )
    assert whole.key != part.key


def test_images_are_views_already_and_refuse_a_profile(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "v", 2, seed=0)
    with pytest.raises(BadData, match="taken as they are, and --profile is for a session"):
        ImageSet(folder, 32, tmp_path / "cache", profile=LEFT)


def test_damaged_files_are_one_line(tmp_path: Path) -> None:
    folder = session(tmp_path / "s", TURNED)
    with pytest.raises(BadData, match="cannot read camera profile"):
        load_profile(tmp_path / "none.json")
    for content in ("{", "[]", '{"profile": {"camera": 3}}'):
        (folder / "session.json").write_text(content)
        with pytest.raises(BadData, match=r"session\.json cannot be read .* damaged"):
            ImageSet(folder, 40, tmp_path / "cache")
