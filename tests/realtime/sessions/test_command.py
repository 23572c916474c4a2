"""`python -m realtime.sessions` on real sessions."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from calibration.opencv import cv2
from calibration.profile import CameraProfile, View
from realtime.sessions.__main__ import run
from realtime.sessions.format import INDEX, VIDEO
from realtime.sessions.marks import append_mark
from realtime.sessions.reader import Session
from tests.realtime.sessions.recorded import START_NS, frame, noise, record

IMAGES = noise(30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A second of pictures, one mark in its middle."""
    record(tmp_path / "s", [frame(image, seq) for seq, image in enumerate(IMAGES)])
    append_mark(tmp_path / "s", "expression", "smile", START_NS + 500_000_000)
    return tmp_path / "s"


def test_info_tells_what_was_recorded(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["info", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "pictures: 30 of 64x48, ffvhuff gbrp" in said
    assert "time: 0.97 s, 30.0 pictures a second" in said
    assert "0.50 s  expression  smile" in said
    assert run(["info", str(folder), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["frames"], figures["not_recorded"], figures["notes"]) == (30, 0, [])


def test_verify_tells_whole_sessions_from_damaged_ones(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["verify", str(folder)]) == 0
    assert "30 pictures are what was recorded, bit for bit" in capsys.readouterr().out
    index = folder / INDEX
    index.write_text(re.sub(r'"crc32":\d+', '"crc32":1', index.read_text(), count=1))
    assert run(["verify", str(folder)]) == 1
    assert "1 pictures within the video are damaged" in capsys.readouterr().err


def test_a_finished_session_that_lost_its_end_is_damaged(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    video = folder / VIDEO
    video.write_bytes(video.read_bytes()[:-30_000])
    assert run(["verify", str(folder)]) == 1
    assert "the index has 30 pictures, the video" in capsys.readouterr().err


def test_a_part_is_a_session_of_its_own(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "part"
    asked = ["trim", str(folder), "--out", str(out), "--from-s", "0.4", "--to-s", "0.6"]
    assert run(asked) == 0
    assert run(["verify", str(out)]) == 0
    part = Session.open(out)
    assert [row.seq for row in part.rows] == [13, 14, 15, 16, 17, 18]
    pictures = part.pictures()
    for row, image in pictures:
        np.testing.assert_array_equal(image, IMAGES[row.seq])
    pictures.close()
    assert part.about.cut_from == "s, 0.4 to 0.6 s"
    assert run(asked) == 1  # it exists now


def test_the_pictures_are_exported_as_they_are_or_as_the_model_sees_them(
    folder: Path, tmp_path: Path
) -> None:
    whole, seen = tmp_path / "whole", tmp_path / "seen"
    assert run(["export-frames", str(folder), "--out", str(whole), "--every", "10"]) == 0
    images = sorted(path.name for path in whole.glob("*.png"))
    assert images == ["000000.png", "000010.png", "000020.png"]
    assert (whole / "marks.jsonl").read_bytes() == (folder / "marks.jsonl").read_bytes()
    image = cv2.imread(str(whole / "000010.png"))[..., ::-1]
    np.testing.assert_array_equal(image, IMAGES[10])
    profile = tmp_path / "cam.json"
    CameraProfile(camera="a test", view=View(roi_px=(8, 8, 32, 32), rotation_deg=90)).save(profile)
    asked = ["export-frames", str(folder), "--out", str(seen), "--view", "32x32"]
    assert run([*asked, "--profile", str(profile)]) == 0
    view = cv2.imread(str(seen / "000003.png"))[..., ::-1]
    np.testing.assert_array_equal(view, np.rot90(IMAGES[3][8:40, 8:40], -1))
    assert CameraProfile.load(seen / "camera.json") == CameraProfile.load(profile)
    assert not (whole / "camera.json").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nothing"], 2, "no command 'nothing'; there are info, verify, export-frames, trim"),
        (["info", "/nowhere"], 1, "give a folder that launch.py --record wrote"),
        (["trim", "S", "--out", "out", "--from-s", "5"], 1, "the last is at 0.97 s"),
        (["trim", "S", "--out", "out", "--from-s", "5", "--to-s", "4"], 2, "give 0 <= from < to"),
        (["export-frames", "S", "--out", "out", "--view", "x"], 2, "--view x: give width x height"),
        (["export-frames", "S", "--out", "out", "--view", "9x9"], 1, "recorded without a profile"),
        (["export-frames", "S", "--out", "out", "--every", "0"], 2, "--every 0: give 1 or more"),
    ],
)
def test_a_mistake_gets_one_line(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    places = {"S": str(folder), "out": str(tmp_path / "out")}
    assert run([places.get(word, word) for word in arguments]) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("sessions: ")
    assert message in line
    assert not (tmp_path / "out").exists()
