"""`python -m train check`: faults are found, said, and shown on a page that stands alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from calibration.opencv import cv2
from tests.train.check.pictures import save, scene, write_scenes
from tests.train.faces import draw, write_set
from train.check import CheckConfig, findings, run
from train.errors import BadData, TrainError

Check = Callable[..., dict[str, list[tuple[str, str]]]]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Runs it at 64 pixels; returns about -> (level, text) of the verdict."""
    monkeypatch.setattr(findings, "FEW", 20)

    def checked(**asked: object) -> dict[str, list[tuple[str, str]]]:
        out = tmp_path / "check.json"
        page = tmp_path / "check.html"
        run(CheckConfig(html=page, json=out, size=64, **asked))  # type: ignore[arg-type]
        verdict: dict[str, list[tuple[str, str]]] = {}
        for line in json.loads(out.read_text())["verdict"]:
            verdict.setdefault(line["about"], []).append((line["level"], line["text"]))
        return verdict

    return checked


def levels(verdict: dict[str, list[tuple[str, str]]]) -> set[str]:
    return {level for lines in verdict.values() for level, _ in lines}


def test_sound_data_are_called_good(
    tmp_path: Path, check: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    v, c = write_scenes(tmp_path / "v", range(30)), write_scenes(tmp_path / "c", range(100, 130))
    assert levels(check(v=v, c=c)) == {"good"}
    printed = capsys.readouterr().out
    assert "no near-duplicates in V" in printed
    assert "check.html" in printed


def test_every_fault_gets_its_line(tmp_path: Path, check: Check) -> None:
    v, c = write_scenes(tmp_path / "v", range(40)), write_scenes(tmp_path / "c", range(100, 110))
    for k in range(5):
        save(v / f"again{k}.jpg", scene(k), quality=60)
        save(v / f"blur{k}.png", cv2.GaussianBlur(scene(50 + k), (0, 0), 8))
        save(v / f"dark{k}.png", (scene(60 + k) // 8).astype(np.uint8))
    save(v / "flat.png", np.full((96, 96, 3), 128, np.uint8))
    save(
        v / "white.png", np.maximum(scene(70), np.uint8(255) * (np.arange(96) < 48)[:, None, None])
    )
    save(v / "small.png", scene(71, 40))
    save(v / "wide.png", np.hstack([scene(72), scene(73)]))
    save(c / "from_v.png", scene(7))
    (v / "zero.png").touch()
    verdict = check(v=v, c=c)

    def said(about: str, text: str) -> bool:
        return any(re.search(text, line) for _, line in verdict[about])

    assert said("unreadable", r"1 of V .* zero\.png \(empty file\)")
    assert said("duplicates", r"V shows 54 distinct pictures; the other 5 repeat")
    assert said("blur", r"^5 of 59 images of V")
    assert said("light", r"^5 of 59 images of V .* almost black")
    assert said("light", r"^1 of 59 images of V .* burnt out")
    assert said("flat", r"^1 of 59 images of V")
    assert said("too small", r"^1 of 59 images of V .* smaller than 64")
    assert said("shape", r"^1 of 59 images of V")
    assert said("sizes", r"V has mixed sizes, 40 to 96")
    assert said("count", r"C has 11 images")
    assert said("same images", r"^1 images of C are in V")


def test_the_page_needs_nothing_else_and_escapes_names(tmp_path: Path, check: Check) -> None:
    v = write_scenes(tmp_path / "<b>v", range(30))
    save(v / "<i>.png", scene(99))
    (v / "<u>.png").touch()
    check(v=v, c=write_scenes(tmp_path / "c", range(100, 130)))
    page = (tmp_path / "check.html").read_text()
    assert set(re.findall(r'src="([^:"]*):', page)) == {"data"}
    assert not re.search(r"<link|<script|url\(", page)
    assert "<i>" not in page
    assert "<u>" not in page
    assert "&lt;u&gt;.png: empty file" in page


def test_pictures_of_the_test_set_in_the_training_set_are_found(
    tmp_path: Path, check: Check
) -> None:
    for name, seeds in (("train", range(30)), ("test", range(24, 36))):
        write_scenes(tmp_path / name / "v", seeds)
        write_scenes(tmp_path / name / "c", range(200 + seeds.start, 200 + seeds.stop))
    verdict = check(data=tmp_path / "train", against=tmp_path / "test")
    assert ("warning", "50% of") in [(level, text[:6]) for level, text in verdict["leak"]]
    assert levels({"leak": verdict["leak"]}) == {"warning", "note"}


def test_a_cyclegan_sets_test_folders_are_held_against_it_and_b_may_be_v(
    tmp_path: Path, check: Check
) -> None:
    for name, start in (("train", 0), ("test", 40)):
        write_scenes(tmp_path / f"{name}B", range(start, start + 30))
        for k in range(30):
            save(tmp_path / f"{name}A" / f"{k}.png", draw(k / 30, start / 40))
    verdict = check(data=tmp_path)
    assert [level for level, _ in verdict["leak"]] == ["good", "good"]
    assert "testB is in V" in verdict["leak"][0][1]
    assert json.loads((tmp_path / "check.json").read_text())["why"].startswith("V is trainB/")
    swapped = check(data=tmp_path, swap=True)
    assert swapped["direction"][0][0] == "warning"


def test_expressions_are_held_against_each_other(tmp_path: Path, check: Check) -> None:
    data = write_set(tmp_path / "set", v=40, c=40)
    (data / "truth").rename(tmp_path / "truth")  # the doctor has no need of it
    table = json.loads((data / "coefficients.json").read_text())
    for row in table["c"].values():
        row["jawOpen"] *= 0.3
    (data / "coefficients.json").write_text(json.dumps(table))
    texts = [text for level, text in check(data=data)["expression"] if level == "warning"]
    assert any("V goes where C never does, in 1 shapes: jawOpen" in text for text in texts)
    assert "Blendshape weights" in (tmp_path / "check.html").read_text()


def test_what_cannot_be_trained_on_is_an_error_after_the_page_is_written(
    tmp_path: Path, check: Check
) -> None:
    v, c = write_scenes(tmp_path / "v", range(1)), write_scenes(tmp_path / "c", range(100, 130))
    with pytest.raises(BadData, match="not usable: V has 1 image; training needs 2"):
        check(v=v, c=c)
    assert "V has 1 image" in (tmp_path / "check.html").read_text()
    copied = write_scenes(tmp_path / "copied", range(100, 130))
    with pytest.raises(BadData, match="one folder twice"):
        check(v=copied, c=c)
    flat = tmp_path / "flat"
    for k in range(3):
        save(flat / f"{k}.png", np.full((64, 64, 3), 40 * k, np.uint8))
    with pytest.raises(BadData, match="nothing to see in any image of V"):
        check(v=flat, c=c)


def test_what_makes_no_sense_is_refused(tmp_path: Path, check: Check) -> None:
    with pytest.raises(TrainError, match="multiple of 4"):
        CheckConfig(data=tmp_path, size=65)
    with pytest.raises(TrainError, match="either a data set"):
        check(v=tmp_path)
    folder = tmp_path / "v"
    folder.mkdir()
    (folder / "a.png").touch()
    with pytest.raises(BadData, match=r"none of 1 images can be decoded; .* empty file"):
        check(v=folder, c=write_scenes(tmp_path / "c", range(2)))
