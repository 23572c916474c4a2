"""The tests for cheating, on a pair that cheats by construction and one that does not.

Both make v with the expression in the red channel and everything else in green and blue. The honest
E writes the red of c there. The cheat copies v from r, red included, and hides c below an eighth of
a grey level, where only its own D looks.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from calibration.opencv import cv2
from tests.train.faces import write_set
from tests.train.untrained import write_run
from train.cheat import CheatConfig, run
from train.cheat.crossed import crossed
from train.cheat.honesty import disturbances, honesty
from train.cheat.matched import matched
from train.cheat.material import Material, load_material
from train.config import FitConfig
from train.errors import TrainError
from train.evaluate.bootstrap import Bootstrap
from train.networks import Disentangler
from train.runs import Run

STEP = 1 / 128
"""What the cheat rounds to; it hides c in a quarter of that."""


class Red(nn.Module):
    """The honest D_C: the red channel, thrice."""

    def forward(self, v: Tensor) -> Tensor:
        return v[:, :1].expand(-1, 3, -1, -1)


class All(nn.Module):
    """D_R: r is all of v."""

    def forward(self, v: Tensor) -> list[Tensor]:
        return [v]


class Paint(nn.Module):
    """The honest E: c in red, r in green and blue."""

    def forward(self, c: Tensor, r: list[Tensor]) -> Tensor:
        return torch.cat([c[:, :1], r[0][:, 1:]], 1)


class Hide(nn.Module):
    """The cheating E: r as it is, c below what can be seen."""

    def forward(self, c: Tensor, r: list[Tensor]) -> Tensor:
        return (r[0] / STEP).round() * STEP + c * STEP / 4


class Find(nn.Module):
    """The cheating D_C: what is below what can be seen."""

    def forward(self, v: Tensor) -> Tensor:
        return ((v - (v / STEP).round() * STEP) * 4 / STEP).clamp(-1, 1)


def pair(name: str, content: nn.Module, entangler: nn.Module) -> Run:
    return Run(
        name=name, path=Path(name), method=name, step=0, size=16,
        content=content, disentangler=Disentangler(content, All()), e=entangler,
    )  # fmt: skip


HONEST, CHEAT = pair("honest", Red(), Paint()), pair("cheat", Find(), Hide())


@pytest.fixture
def material() -> Material:
    """v whose truth is its red channel; every image different."""
    rng = np.random.default_rng(0)

    def smooth(channels: int) -> Tensor:
        coarse = rng.uniform(-0.9, 0.9, (10, channels, 4, 4))
        return nn.functional.interpolate(torch.from_numpy(coarse).float(), 16, mode="bilinear")

    v, c = smooth(3), smooth(1).expand(-1, 3, -1, -1)
    return Material(
        v=v,
        c=c,
        truth=v[:, :1].expand(-1, 3, -1, -1),
        mean_c=c.mean(0, keepdim=True),
        mouth=None,
        bootstrap=Bootstrap(np.arange(10), seed=0),
    )


def test_a_cheat_decodes_messages_better_than_it_reads_faces(material: Material) -> None:
    honest, cheat = (matched(one, material).figures for one in (HONEST, CHEAT))
    assert honest["decoding_gap"].value == pytest.approx(0, abs=1e-6)
    assert cheat["decoded_to_c"].value < 0.01
    assert cheat["decoding_gap"].high < -0.1


def test_a_cheat_shows_nothing_of_a_change_of_content(material: Material) -> None:
    honest, cheat = (matched(one, material).figures for one in (HONEST, CHEAT))
    assert honest["answer"].value > 0.3
    assert cheat["answer"].value < 0.02
    assert cheat["mixed_to_v"].value < 0.01 < honest["mixed_to_v"].value


def test_an_independent_reader_sees_what_a_cheat_shows(material: Material) -> None:
    found = {(r.maker, r.content, r.reader): r for r in crossed([HONEST, CHEAT], material)}
    assert len(found) == 8
    own = found["cheat", "true", "cheat"]
    assert own.to_i.value < 0.01 < 0.1 < own.to_j.value
    seen = found["cheat", "true", "honest"]
    assert seen.to_j.value < 0.01 < 0.1 < seen.to_i.value
    assert (own.reads_i.value, seen.reads_i.value) == (1, 0)
    assert found["honest", "true", "honest"].reads_i.value == 1


def test_without_truth_each_reader_is_asked_for_its_own_reading(material: Material) -> None:
    unknown = dataclasses.replace(material, truth=None)
    (reading,) = crossed([HONEST], unknown)
    assert reading.to_i.value == pytest.approx(0, abs=1e-6)
    assert "decoding_gap" not in matched(HONEST, unknown).figures


def test_hidden_messages_do_not_survive_a_disturbance(material: Material) -> None:
    honest, cheat = (
        {(p.kind, p.level): p for p in honesty(one, material, seed=0)} for one in (HONEST, CHEAT)
    )
    assert cheat["noise", 0].rise_c.value == pytest.approx(1)
    assert cheat["noise", 1].l_c.value > 0.3
    assert honest["noise", 1].l_c.value < 0.02
    assert cheat["bits", 5].l_c.value > 10 * honest["bits", 5].l_c.value


def test_disturbances_grow_from_none(material: Material) -> None:
    size: dict[str, list[float]] = {"noise": [], "bits": [], "jpeg": []}
    for kind, _, change in disturbances(seed=0):
        size[kind].append(float((change(material.v) - material.v).abs().mean()))
    assert all(sizes == sorted(sizes) for sizes in size.values()), size
    assert size["noise"][0] == 0
    assert size["bits"][0] < 1 / 255


def test_the_command_writes_figures_tables_and_pictures(
    fit_config: Callable[..., FitConfig], tmp_path: Path
) -> None:
    write_run(fit_config(out=tmp_path / "run"))
    data, out = write_set(tmp_path / "data", v=5, c=3), tmp_path / "new" / "cheat"
    run(CheatConfig(runs=(tmp_path / "run",), data=data, out=out))
    found = json.loads((out / "cheat.json").read_text())
    assert list(found["runs"]) == list(found["matched"]) == list(found["honesty"]) == ["run"]
    assert found["summed_up"]["groups"] == {"run": ["run"]}
    assert [reading["reader"] for reading in found["summed_up"]["crossed"]] == ["itself"] * 2
    assert "| run | true | itself |" in (out / "cheat.md").read_text()
    for picture in ("matched", "crossed", "honesty"):
        assert cv2.imread(str(out / f"{picture}.png")) is not None


def test_runs_of_one_method_are_summed_up(
    fit_config: Callable[..., FitConfig], tmp_path: Path
) -> None:
    names = ["first", "second", "third"]
    for seed, name in enumerate(names):
        method = "cooperative" if name == "third" else "uncooperative"
        write_run(fit_config(out=tmp_path / name, seed=seed, method=method))
    data, out = write_set(tmp_path / "data", v=5, c=3), tmp_path / "cheat"
    run(CheatConfig(runs=tuple(tmp_path / n for n in names), data=data, out=out, jpeg=True))
    found = json.loads((out / "cheat.json").read_text())
    assert len(found["crossed"]) == 2 * 3 * 3

    summed_up, both = found["summed_up"], "uncooperative (2 runs)"
    assert summed_up["groups"] == {both: ["first", "second"], "cooperative": ["third"]}
    each = [found["matched"][name]["answer"]["value"] for name in ("first", "second")]
    assert summed_up["matched"][both]["answer"]["value"] == pytest.approx(np.mean(each))
    by_others = [
        reading["to_i"]["value"]
        for reading in found["crossed"]
        if reading["maker"] != "third" and reading["reader"] == "third"
        and reading["content"] == "true"
    ]  # fmt: skip
    (told,) = [
        reading
        for reading in summed_up["crossed"]
        if (reading["maker"], reading["content"]) == (both, "true")
        and reading["reader"] == "cooperative"
    ]
    assert told["to_i"]["value"] == pytest.approx(np.mean(by_others))
    readers = {reading["reader"] for reading in summed_up["crossed"]}
    assert readers == {"itself", "another of its method", both, "cooperative"}
    assert cv2.imread(str(out / "crossed.jpg")) is not None


def test_images_without_truth_are_measured_as_a_whole(tmp_path: Path) -> None:
    data = write_set(tmp_path, v=4, c=3)
    for path in (data / "truth").iterdir():
        path.unlink()
    (data / "truth").rmdir()
    material = load_material(data, 32, count=4, seed=0)
    assert material.truth is None
    assert material.mouth is None
    assert material.c.shape == material.v.shape


def test_one_image_cannot_be_mismatched(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="at least 2"):
        CheatConfig(runs=(tmp_path,), data=tmp_path, out=tmp_path, count=1)
