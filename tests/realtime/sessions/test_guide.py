"""The guide: its script covers what renders show, and what it marks can be read back."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from realtime.errors import SessionError, UsageError
from realtime.sessions.config import GuideConfig
from realtime.sessions.format import INDEX
from realtime.sessions.guide import chosen, guide
from realtime.sessions.guide_script import SCRIPT
from realtime.sessions.marks import read_marks
from tests.realtime.sessions.recorded import frame, noise, record
from train.simulate.expressions import DRIVEN

QUICK = {"hold_s": 0.01, "ready_s": 0.01, "wait_s": 0.2}


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[Path]:
    """A session that has not ended."""
    folder = tmp_path / "me"
    writer = record(folder, [frame(noise(1)[0], 0)], close=False)
    yield folder
    writer.close("the test ended", {})


def test_the_script_asks_for_every_shape_that_renders_move() -> None:
    asked = {shape for step in SCRIPT for shape in step.shapes}
    sides = {name.removesuffix("Left").removesuffix("Right") for name in DRIVEN}
    assert asked == sides
    assert {step.kind for step in SCRIPT} == {"expression", "speech", "head", "light"}
    assert len({step.name for step in SCRIPT}) == len(SCRIPT)


def test_every_step_is_marked_from_its_beginning_to_its_end(recording: Path) -> None:
    said: list[tuple[str, bool]] = []
    config = GuideConfig(folder=recording, only=("head", "light"), **QUICK)
    steps = chosen(("head", "light"))
    assert guide(config, lambda line, replaced: said.append((line, replaced))) == len(steps) == 6
    marks = read_marks(recording)
    assert [mark.kind for mark in marks] == [
        kind for step in steps for kind in (step.kind, "pause")
    ]
    assert [mark.text for mark in marks[::2]] == [step.name for step in steps]
    for begun, ended in zip(marks[::2], marks[1::2], strict=True):
        assert ended.time_ns - begun.time_ns >= 10_000_000
    assert sum(line.startswith("\a") for line, _ in said) == 6
    assert sum("done" in line and not replaced for line, replaced in said) == 6


def test_shapes_stand_in_the_marks_of_faces(recording: Path) -> None:
    guide(GuideConfig(folder=recording, only=("expression",), **QUICK), lambda line, replaced: None)
    assert "smile: mouthSmile cheekSquint mouthDimple" in [m.text for m in read_marks(recording)]


def test_without_a_recording_there_is_nothing_to_mark(tmp_path: Path) -> None:
    config = GuideConfig(folder=tmp_path / "me", **QUICK)
    with pytest.raises(SessionError, match=r"nothing was recorded there.*--record"):
        guide(config, lambda line, replaced: None)


def test_a_recording_that_has_ended_is_not_marked(tmp_path: Path) -> None:
    record(tmp_path / "me", [frame(noise(1)[0], 0)])
    with pytest.raises(SessionError, match=r"the recording ended .* after 0 steps"):
        guide(GuideConfig(folder=tmp_path / "me", **QUICK), lambda line, replaced: None)
    assert read_marks(tmp_path / "me") == []


def test_a_recording_that_was_killed_long_ago_is_not_marked(recording: Path) -> None:
    an_hour_ago = time.time() - 3600
    os.utime(recording / INDEX, (an_hour_ago, an_hour_ago))
    with pytest.raises(SessionError, match=r"no picture came for 36.. s, after 0 steps"):
        guide(GuideConfig(folder=recording, **QUICK), lambda line, replaced: None)
    assert read_marks(recording) == []


def test_times_that_make_no_sense_are_refused() -> None:
    with pytest.raises(UsageError, match="--hold-s -1"):
        GuideConfig(folder=Path("me"), hold_s=-1)
