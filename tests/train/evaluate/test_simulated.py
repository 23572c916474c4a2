"""A simulated set, read back with its truth."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.train.conftest import SIZE
from tests.train.faces import write_set
from train.errors import BadData
from train.evaluate.simulated import (
    load_clip,
    load_coefficients,
    load_pairs,
    mean_render,
    mouth_slices,
    read_images,
)


def test_v_and_truth_are_of_the_same_names_and_spread_over_the_set(tmp_path: Path) -> None:
    data = write_set(tmp_path, v=11)
    pairs = load_pairs(data, SIZE, count=3)
    assert pairs.names == ("000000.png", "000005.png", "000010.png")
    assert np.array_equal(pairs.truth[1], read_images([data / "truth" / "000005.png"], SIZE)[0])


def test_coefficients_come_in_the_order_of_the_names(tmp_path: Path) -> None:
    data = write_set(tmp_path, v=3)
    shapes, values = load_coefficients(data, "v", ("000002.png", "000000.png"))
    table = json.loads((data / "coefficients.json").read_text())["v"]
    assert shapes == ("jawOpen", "mouthLeft", "mouthClose")
    assert values[:, 0] == pytest.approx(
        [table["000002.png"]["jawOpen"], table["000000.png"]["jawOpen"]]
    )


def test_the_mouth_is_where_the_set_says_scaled_to_the_runs_size(tmp_path: Path) -> None:
    (tmp_path / "simulation.json").write_text('{"size": 64, "mouth_px": [16, 20, 32, 40]}')
    assert mouth_slices(tmp_path, 32) == (slice(10, 30), slice(8, 24))


def test_a_folder_that_is_no_simulated_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"simulation\.json cannot be read"):
        mouth_slices(tmp_path, SIZE)
    (tmp_path / "simulation.json").write_text("{}")
    with pytest.raises(BadData, match="where the mouth is"):
        mouth_slices(tmp_path, SIZE)
    with pytest.raises(BadData, match="expressions of v/"):
        load_coefficients(tmp_path, "v", ("000000.png",))


def test_a_truth_that_is_missing_is_named(tmp_path: Path) -> None:
    data = write_set(tmp_path, v=3)
    (data / "truth" / "000001.png").unlink()
    with pytest.raises(BadData, match=r"000001\.png is missing"):
        load_pairs(data, SIZE, count=10)


def test_sessions_are_told_by_names(tmp_path: Path) -> None:
    data = write_set(tmp_path, v=12)
    assert load_pairs(data, SIZE, 12).unit == "image"
    for index in range(12):
        for folder in ("v", "truth"):
            path = data / folder / f"{index:06d}.png"
            path.rename(path.with_name(f"session-{index // 2}_{index:04d}.png"))
    pairs = load_pairs(data, SIZE, 12)
    assert pairs.unit == "session"
    assert pairs.groups.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_sessions_are_told_by_how_many_stills_each_has(tmp_path: Path) -> None:
    data = write_set(tmp_path, v=12)
    content = json.loads((data / "simulation.json").read_text())
    (data / "simulation.json").write_text(json.dumps(content | {"stills_per_session": 2}))
    assert load_pairs(data, SIZE, 12).groups.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_the_mean_render_is_that_of_all_of_c(tmp_path: Path) -> None:
    data = write_set(tmp_path, c=7)
    images = read_images(sorted((data / "c").iterdir()), SIZE)
    assert np.array_equal(mean_render(data, SIZE), images.mean(0).round().astype(np.uint8))


def test_a_clip_is_read_at_the_runs_size_with_its_truth(tmp_path: Path) -> None:
    assert load_clip(write_set(tmp_path / "without"), SIZE, 100) is None
    clip = load_clip(write_set(tmp_path / "with", clip=6), 24, most=4)
    assert clip is not None
    assert clip.v.shape == clip.truth.shape == (4, 24, 24, 3)
    assert clip.fps == 30
