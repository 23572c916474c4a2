"""Does C show the expressions that V shows?"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.train.faces import write_set
from train.check.coverage import Coverage, coverage
from train.check.survey import Survey, survey
from train.data import open_source
from train.errors import BadData


def surveys(data: Path) -> tuple[Survey, Survey]:
    v, c = (survey(name.upper(), open_source(data / name), 32) for name in ("v", "c"))
    return v, c


def of(v: np.ndarray, c: np.ndarray) -> Coverage:
    shapes = tuple(f"shape{k}" for k in range(v.shape[1]))
    return Coverage(shapes=shapes, v=v.astype(np.float32), c=c.astype(np.float32))


def test_two_sets_drawn_alike_cover_each_other() -> None:
    rng = np.random.default_rng(0)
    found = of(rng.random((600, 3)), rng.random((600, 3)))
    assert 0.02 < found.alone() < 0.09
    assert max(found.beyond().values()) < 0.02


def test_a_shape_that_c_never_moves_is_named() -> None:
    rng = np.random.default_rng(0)
    c = rng.random((600, 3))
    c[:, 1] *= 0.5
    found = of(rng.random((600, 3)), c)
    assert found.beyond()["shape1"] == pytest.approx(0.45, abs=0.06)
    assert found.beyond()["shape0"] < 0.02
    assert found.alone() > 0.3


def test_combinations_that_c_never_shows_are_missed_too() -> None:
    """Each shape alone has the same range; C never moves both at once."""
    rng = np.random.default_rng(0)
    c = rng.random((600, 2))
    c[np.arange(600), rng.integers(0, 2, 600)] = 0
    found = of(rng.random((600, 2)), c)
    assert max(found.beyond().values()) < 0.03
    assert found.alone() > 0.5


def test_it_is_read_from_a_simulated_set_and_unknown_elsewhere(tmp_path: Path) -> None:
    data = write_set(tmp_path / "set", v=6, c=8)
    found = coverage(*surveys(data))
    assert found is not None
    assert found.shapes == ("jawOpen", "mouthLeft", "mouthClose")
    table = json.loads((data / "coefficients.json").read_text())
    assert found.c[3, 0] == pytest.approx(table["c"]["000003.png"]["jawOpen"])
    assert (len(found.v), len(found.c)) == (6, 8)

    (data / "coefficients.json").write_text('{"v": {}}')
    with pytest.raises(BadData, match="does not hold the expressions"):
        coverage(*surveys(data))
    (data / "coefficients.json").unlink()
    assert coverage(*surveys(data)) is None
