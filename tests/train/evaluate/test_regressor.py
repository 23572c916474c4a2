"""The yardstick for expression: it learns, knows how well, and is refused when it does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.train.conftest import SIZE
from tests.train.faces import draw, write_set
from train.errors import BadCheckpoint, BadData, TrainError
from train.evaluate.reader import load_reader
from train.evaluate.regressor import RegressorConfig, run, source, train_reader


def settings(data: Path, out: Path, **changes: Any) -> RegressorConfig:
    return RegressorConfig(data=data, out=out, **{"size": SIZE, "steps": 80, **changes})


def test_it_reads_faces_it_has_not_seen_and_is_the_same_from_its_file(tmp_path: Path) -> None:
    data, out = write_set(tmp_path / "data", v=1, c=120), tmp_path / "new" / "reader.safetensors"
    run(settings(data, out))
    reader = load_reader(out)
    assert reader.r2.keys() == {"jawOpen", "mouthLeft"}, "mouthClose does not vary"
    assert reader.mean_r2 > 0.8
    assert reader.renders == 120
    shut, wide = reader.read(np.stack([draw(0.1, 0.5), draw(0.9, 0.5)]))[:, 0]
    assert wide - shut > 0.5
    larger = reader.read(np.repeat(np.repeat(draw(0.9, 0.5)[None], 2, 1), 2, 2))[0, 0]
    assert larger == pytest.approx(wide, abs=0.05)


def test_it_learns_from_the_truth_as_well_if_it_may(tmp_path: Path) -> None:
    data, out = write_set(tmp_path / "data", v=100, c=20), tmp_path / "reader.safetensors"
    reader = train_reader(settings(data, out, truth=True))
    assert reader.renders == 120
    assert reader.mean_r2 > 0.8


def test_a_poor_one_is_refused_and_not_saved(tmp_path: Path) -> None:
    data, out = write_set(tmp_path / "data", v=1, c=20), tmp_path / "reader.safetensors"
    with pytest.raises(BadData, match="cannot measure expression; train one on more than 20"):
        run(settings(data, out, steps=1))
    assert not out.exists()


def test_too_few_renders_are_refused(tmp_path: Path) -> None:
    data = write_set(tmp_path, v=1, c=5)
    with pytest.raises(BadData, match="5 renders; a regressor needs 20"):
        run(settings(data, tmp_path / "reader.safetensors"))


def test_its_source_changes_with_renders_and_settings(tmp_path: Path) -> None:
    out = tmp_path / "out"
    data, other = (write_set(tmp_path / str(seed), v=1, c=5, seed=seed) for seed in (0, 1))
    kept = source(settings(data, out))
    assert kept == source(settings(data, tmp_path / "elsewhere"))
    assert kept != source(settings(other, out))
    assert kept != source(settings(data, out, steps=81))


def test_a_file_that_is_no_regressor_says_so(tmp_path: Path) -> None:
    (tmp_path / "reader.safetensors").write_bytes(b"nonsense")
    with pytest.raises(BadCheckpoint, match="is no regressor"):
        load_reader(tmp_path / "reader.safetensors")


@pytest.mark.parametrize("changes", [{"size": 18}, {"size": 8}, {"steps": 0}])
def test_settings_that_make_no_sense_are_refused(tmp_path: Path, changes: dict[str, int]) -> None:
    with pytest.raises(TrainError, match="must be"):
        settings(tmp_path, tmp_path, **changes)
