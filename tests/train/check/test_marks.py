"""What the wearer was asked to do, told from the marks of a session."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.train.faces import write_set
from train.check.marks import Asked, asked
from train.check.survey import survey
from train.data import open_source
from train.errors import BadData


def look(data: Path) -> Asked | None:
    v, c = (survey(name.upper(), open_source(data / name), 32) for name in ("v", "c"))
    return asked(v, c)


def mark(data: Path, *marks: tuple[float, str, str], end: str = "\n") -> None:
    lines = [
        json.dumps({"time_ns": int(at_s * 1e9), "unix_us": 0, "kind": kind, "text": text})
        for at_s, kind, text in marks
    ]
    (data / "v" / "marks.jsonl").write_text("\n".join(lines) + end)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """C of which moves jawOpen, mouthLeft and mouthClose."""
    data = write_set(tmp_path / "set", v=4, c=30)
    table = json.loads((data / "coefficients.json").read_text())
    table["c"]["000000.png"] = dict.fromkeys(table["c"]["000000.png"], 0.9)
    (data / "coefficients.json").write_text(json.dumps(table))
    return data


def test_a_set_without_marks_says_nothing(data: Path) -> None:
    assert look(data) is None


def test_steps_are_counted_and_what_was_never_asked_is_named(data: Path) -> None:
    mark(
        data,
        (1, "note", "a mark of somebody else's"),
        (2, "expression", "jaw open: jawOpen"), (5, "pause", "jaw open"),
        (6, "expression", "aside: mouth"), (8, "pause", "aside"),
        (9, "head", "turned"), (11, "pause", "turned"),
        (12, "light", "dim"),
    )  # fmt: skip
    found = look(data)
    assert found is not None
    assert found.steps == {"expression": 2, "speech": 0, "head": 1, "light": 0}
    assert found.seconds["expression"] == 5
    assert found.missing() == ["mouthClose"]  # mouth stands for both sides
    levels, texts = zip(*found.verdict(), strict=True)
    assert levels == ("good", "warning", "note")
    assert "2 expression (5 s), 1 head (2 s)" in texts[0]
    assert "C shows mouthClose" in texts[1]
    assert "no change of light" in texts[2]  # it was broken off


def test_where_the_faces_of_c_are_unknown_none_is_missed(data: Path) -> None:
    (data / "coefficients.json").unlink()
    mark(data, (1, "speech", "counting"), (3, "pause", "counting"))
    found = look(data)
    assert found is not None
    assert found.missing() == []


def test_half_a_line_at_the_end_is_left_out_and_damage_is_said(data: Path) -> None:
    mark(data, (1, "head", "turned"), (2, "pause", "turned"), end='\n{"time_ns": 3')
    found = look(data)
    assert found is not None
    assert found.steps["head"] == 1
    (data / "v" / "marks.jsonl").write_text("not json\n")
    with pytest.raises(BadData, match="cannot be read as marks"):
        look(data)
    (data / "v" / "marks.jsonl").write_text('{"kind": "head"}\n')
    with pytest.raises(BadData, match="lacks its 'text'"):
        look(data)
