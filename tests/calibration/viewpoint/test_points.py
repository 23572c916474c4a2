"""Files of points: JSON and CSV, with and without pixels, and what is wrong in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from calibration.errors import BadFit
from calibration.viewpoint.points import Point, load_points, save_points

CHIN = Point(name="chin", head_m=(0.0, -0.045, 0.003), pixel=(320.5, 400.0))
NOSE = Point(name="nose, tip", head_m=(0.0, 0.038, 0.022))


def test_json_comes_back_as_it_was_written(tmp_path: Path) -> None:
    save_points([CHIN, NOSE], tmp_path / "points.json")
    assert load_points(tmp_path / "points.json") == [CHIN, NOSE]


def test_csv_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text(
        'name,x_m,y_m,z_m,u_px,v_px\nchin,0,-0.045,0.003,320.5,400\n"nose, tip",0.0,0.038,0.022,,\n'
    )
    assert load_points(path) == [CHIN, NOSE]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("p.csv", "name,x,y,z\nchin,0,0,0\n", "there is no column 'x_m'"),
        ("p.csv", "name,x_m,y_m,z_m\nchin,a,0,0\n", "0.head_m.0: .*number"),
        ("p.json", "[1, 2", "neither JSON nor CSV"),
        ("p.json", '[{"name": "chin"}]', "0.head_m: Field required"),
        ("p.json", '[{"name": "chin", "head_m": [0, 0]}]', "0.head_m.2: Field required"),
        ("p.json", '[{"name": "c", "head_m": [0, 0, 0], "px": [1, 2]}]', "0.px: Extra"),
        ("p.json", "{}", "valid list"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    name: str, text: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(BadFit, match=message):
        load_points(tmp_path / name)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadFit, match="cannot read points"):
        load_points(tmp_path / "nowhere.json")
    with pytest.raises(BadFit, match="cannot write points"):
        save_points([CHIN], tmp_path / "nowhere" / "points.json")
