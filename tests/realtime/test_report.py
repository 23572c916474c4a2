"""The report's file: there whole, or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from realtime.errors import UsageError
from realtime.report import check_writable, write_json


def test_a_report_replaces_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text("old")
    check_writable(path)
    assert path.read_text() == "old"
    write_json(path, {"fps": 30.0})
    assert json.loads(path.read_text()) == {"fps": 30.0}
    assert list(tmp_path.iterdir()) == [path]


def test_where_no_report_can_be_is_known_before_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "nothing" / "r.json", tmp_path / "file" / "r.json"):
        with pytest.raises(UsageError, match="cannot write the report"):
            check_writable(path)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
