"""The bundle's profile is the one that training saw by, or differs aloud."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from calibration.profile import ProfileError
from export.errors import ExportError
from export.profile import bundle_profile
from tests.train.conftest import fit_config  # noqa: F401
from tests.train.test_data_views import LEFT, TURNED, session
from train.config import FitConfig


@pytest.fixture
def run(fit_config: Callable[..., FitConfig], tmp_path: Path) -> FitConfig:  # noqa: F811
    return replace(fit_config(steps=2), v=session(tmp_path / "sessions" / "a", TURNED))


def test_it_is_the_sessions_unless_the_run_saw_by_another(run: FitConfig, tmp_path: Path) -> None:
    said: list[str] = []
    assert bundle_profile(None, run, said.append) == TURNED
    LEFT.save(tmp_path / "cam.json")
    assert bundle_profile(None, replace(run, profile=tmp_path / "cam.json"), said.append) == LEFT
    assert said == []


def test_it_is_that_of_exported_views(run: FitConfig, tmp_path: Path) -> None:
    views = tmp_path / "views"
    views.mkdir()
    LEFT.save(views / "camera.json")
    assert bundle_profile(None, replace(run, v=views), pytest.fail) == LEFT


def test_one_that_shows_something_else_is_warned_of(run: FitConfig, tmp_path: Path) -> None:
    said: list[str] = []
    path = tmp_path / "cam.json"
    TURNED.model_copy(update={"camera": "another name"}).save(path)
    assert bundle_profile(path, run, said.append).camera == "another name"
    assert said == []
    LEFT.save(path)
    assert bundle_profile(path, run, said.append) == LEFT
    assert "shows the model another part of the picture" in said[0]


def test_what_is_not_known_is_said_or_refused(run: FitConfig, tmp_path: Path) -> None:
    said: list[str] = []
    plain = replace(run, v=session(tmp_path / "plain", None))
    assert bundle_profile(None, plain, said.append).camera == "unknown"
    assert "no camera profile" in said[0]
    session(tmp_path / "sessions" / "b", LEFT)
    with pytest.raises(ExportError, match="2 profiles that show different things: say with"):
        bundle_profile(None, replace(run, v=tmp_path / "sessions"), said.append)
    with pytest.raises(ProfileError, match="cannot read"):
        bundle_profile(None, replace(run, profile=tmp_path / "gone.json"), said.append)
