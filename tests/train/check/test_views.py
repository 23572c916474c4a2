"""The doctor says by what recorded sessions are seen, and warns where the live model may differ."""

from __future__ import annotations

from pathlib import Path

from calibration.profile import CameraProfile, Photometric
from tests.train.conftest import write_images
from tests.train.test_data_views import LEFT, TURNED, session
from train.check.survey import survey
from train.check.views import verdict
from train.data import open_source


def said(path: Path, profile: CameraProfile | None = None) -> list[tuple[str, str]]:
    v = survey("V", open_source(path, profile), 32)
    return list(verdict(v, v))


def test_one_profile_for_all_is_good(tmp_path: Path) -> None:
    for name in "ab":
        session(tmp_path / name, TURNED)
    assert said(tmp_path) == [("good", "V is seen by its camera profile, as the live model sees")]


def test_a_session_without_a_profile_is_warned_of_and_given_one(tmp_path: Path) -> None:
    session(tmp_path / "a", None)
    session(tmp_path / "b", TURNED)
    ((level, text),) = said(tmp_path)
    assert level == "warning"
    assert text.startswith("a of V was recorded without a camera profile")
    assert [level for level, _ in said(tmp_path, TURNED)] == ["good"]


def test_sessions_that_show_different_things_are_warned_of(tmp_path: Path) -> None:
    session(tmp_path / "a", LEFT)
    session(tmp_path / "b", TURNED)
    ((level, text),) = said(tmp_path)
    assert level == "warning"
    assert "2 profiles that show different things" in text


def test_a_profile_that_only_moved_the_camera_shows_the_same(tmp_path: Path) -> None:
    session(tmp_path / "a", TURNED)
    session(tmp_path / "b", TURNED.model_copy(update={"camera": "another name"}))
    assert [level for level, _ in said(tmp_path)] == ["good"]


def test_renders_for_another_view_are_warned_of(tmp_path: Path) -> None:
    v = survey("V", open_source(session(tmp_path / "s", TURNED)), 32)
    c = survey("C", open_source(write_images(tmp_path / "renders" / "c", 2, seed=0)), 32)
    assert [level for level, _ in verdict(v, c)] == ["good"]  # nobody knows what C was made for
    brighter = TURNED.model_copy(update={"photometric": Photometric(gain=2.0)})
    brighter.save(tmp_path / "renders" / "camera.json")
    assert [level for level, _ in verdict(v, c)] == ["good"]
    LEFT.save(tmp_path / "renders" / "camera.json")
    _, (level, text) = verdict(v, c)
    assert level == "warning"
    assert "C was rendered for another view than V is seen by" in text
