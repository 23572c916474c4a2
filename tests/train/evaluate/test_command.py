"""`python -m train evaluate` on a tiny set: every figure, beside the mean image and the truth."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from calibration.opencv import cv2
from tests.train.conftest import SIZE
from tests.train.faces import write_set
from tests.train.untrained import write_run
from train.config import FitConfig
from train.distill.command import run as distil
from train.distill.config import DistillArguments, StudentNetwork
from train.errors import BadData, TrainError
from train.evaluate import EvaluateConfig, command, run
from train.evaluate.reader import load_reader
from train.evaluate.regressor import RegressorConfig, source
from train.evaluate.regressor import run as train_regressor

Make = Callable[..., FitConfig]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_set(tmp_path_factory.mktemp("faces"), v=24, c=120, clip=20)


@pytest.fixture(scope="module")
def regressor(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("regressor") / "reader.safetensors"
    train_regressor(RegressorConfig(data=data, out=out, size=SIZE, steps=80))
    return out


def test_two_runs_are_measured_and_compared(
    fit_config: Make,
    tmp_path: Path,
    data: Path,
    regressor: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for seed in (0, 1):
        write_run(fit_config(seed=seed, out=tmp_path / f"seed{seed}"))
    config = EvaluateConfig(
        runs=(tmp_path / "seed0", tmp_path / "seed1"),
        data=data,
        regressor=regressor,
        json=tmp_path / "out" / "figures.json",
        markdown=tmp_path / "out" / "tables.md",
        html=tmp_path / "out" / "report.html",
        picture=tmp_path / "out" / "picture.png",
    )
    run(config)

    found = json.loads((tmp_path / "out" / "figures.json").read_text())
    assert list(found["rows"]) == ["mean of C", "seed0", "seed1", "truth"]
    mean, first, _, truth = found["rows"].values()
    assert {"l1", "psnr_db", "ssim", "mouth_l1", "mouth_psnr_db", "mouth_ssim", "coefficient_mae",
            "expression_r2", "jaw_open_r2", "lip_aperture_error", "expression_in_r",
            "jaw_open_in_r", "light_in_c", "light_in_c_floor", "flicker_ratio",
            "still_flicker"} <= first["figures"].keys()  # fmt: skip
    assert truth["figures"]["jaw_open_r2"]["value"] > 0.8
    assert mean["figures"]["jaw_open_r2"]["value"] < 0.1
    assert mean["figures"]["flicker_ratio"]["value"] == pytest.approx(1)
    assert found["methods"].keys() == {"uncooperative (2 runs)"}
    both = [found["rows"][name]["figures"]["l1"]["value"] for name in ("seed0", "seed1")]
    assert found["methods"]["uncooperative (2 runs)"]["l1"]["value"] == pytest.approx(np.mean(both))
    difference = found["difference_to_first_run"]["seed1"]["l1"]["value"]
    assert difference == pytest.approx(both[1] - both[0])
    assert found["difference_to_first_method"] == {}
    tables = (tmp_path / "out" / "tables.md").read_text()
    assert "| uncooperative (2 runs) | " in tables
    assert "seed0" not in tables

    page = (tmp_path / "out" / "report.html").read_text()
    assert not re.findall(r'(?:src|href)="(?!data:)', page), "the page needs nothing else"
    assert page.count("data:image/png;base64,") == 2
    assert "mean of C" in capsys.readouterr().out
    assert cv2.imread(str(config.picture)) is not None


def test_methods_are_held_against_the_first_one(
    fit_config: Make, tmp_path: Path, data: Path, regressor: Path
) -> None:
    names = [(method, seed) for method in ("uncooperative", "cooperative") for seed in (0, 1)]
    for method, seed in names:
        write_run(fit_config(method=method, seed=seed, out=tmp_path / f"{method}{seed}"))
    runs = tuple(tmp_path / f"{method}{seed}" for method, seed in names)
    report = command.evaluate(EvaluateConfig(runs=runs, data=data, regressor=regressor, count=6))
    first, second = report.methods().values()
    ((name, difference),) = report.method_differences().items()
    assert name == "cooperative (2 runs) less uncooperative (2 runs)"
    figure = difference["mouth_l1"]
    assert figure.value == pytest.approx(second["mouth_l1"].value - first["mouth_l1"].value)
    assert figure.low <= figure.value <= figure.high


def test_a_student_is_measured_beside_its_teacher(
    fit_config: Make, tmp_path: Path, data: Path, regressor: Path
) -> None:
    teacher = write_run(fit_config())
    student = tmp_path / "student"
    network = StudentNetwork(width=4, blocks=2)
    distil(
        DistillArguments(teacher=teacher, out=student, network=network, steps=1, tensorboard=False)
    )
    config = EvaluateConfig(runs=(teacher, student), data=data, regressor=regressor, count=6)
    report = command.evaluate(config)
    first, second = report.runs
    assert (second.method, second.step) == ("distilled", 1)
    assert first.figures.keys() - second.figures.keys() == {
        *("expression_in_r", "expression_in_r_floor", "jaw_open_in_r"),
    }, "it has no r to leak into"
    assert "mouth_psnr_db" in report.differences()["student"]

    shutil.copytree(student, tmp_path / "second")
    tables = tmp_path / "tables.md"
    command.evaluate(
        dataclasses.replace(config, runs=(teacher, student, tmp_path / "second"), markdown=tables)
    )
    named = {line.split(" | ")[0] for line in tables.read_text().splitlines()}
    assert {"| run", "| distilled (2 runs)"} <= named, "a run without others stands for itself"
    assert "| student" not in named


def test_the_mean_image_is_the_baseline(
    fit_config: Make, tmp_path: Path, data: Path, regressor: Path
) -> None:
    write_run(fit_config())
    config = EvaluateConfig(runs=(tmp_path / "run",), data=data, regressor=regressor, count=5)
    report = command.evaluate(config)
    names = sorted(path.name for path in (data / "truth").iterdir())
    picks = [names[i] for i in np.linspace(0, 23, 5).round().astype(int)]
    truth = np.stack([cv2.imread(str(data / "truth" / name)) for name in picks])
    c = np.stack([cv2.imread(str(path)) for path in (data / "c").iterdir()])
    expected = np.abs(truth / 127.5 - c.mean(0).round() / 127.5).mean()
    assert report.rows[0].figures["l1"].value == pytest.approx(expected)


def test_a_set_whose_regressor_is_poor_is_measured_without_expression(
    fit_config: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(fit_config())
    few = write_set(tmp_path / "few", v=6, c=5)
    report = command.evaluate(EvaluateConfig(runs=(tmp_path / "run",), data=few))
    assert report.reader is None
    assert not any("expression_r2" in row.figures for row in report.rows)
    assert report.notes[0].startswith("Expression is not measured")
    assert "not measured: the set has no clip" in " ".join(capsys.readouterr().out.split())


def test_the_sets_own_regressor_is_trained_once(
    fit_config: Make, tmp_path: Path, regressor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(fit_config())
    trained = []

    def quick(settings: RegressorConfig) -> object:
        trained.append(settings)
        reader = load_reader(regressor)
        return dataclasses.replace(reader, source=source(settings))

    monkeypatch.setattr(command, "train_reader", quick)
    own = write_set(tmp_path / "own", v=4, c=20)
    for _ in range(2):
        command.evaluate(EvaluateConfig(runs=(tmp_path / "run",), data=own))
    assert len(trained) == 1


def test_a_regressor_of_another_avatar_is_refused(
    fit_config: Make, tmp_path: Path, regressor: Path
) -> None:
    write_run(fit_config())
    other = write_set(tmp_path / "other", v=6, c=30)
    for path in (other / "c").iterdir():  # turned upside down: nothing is where it was
        image = cv2.imread(str(path))
        assert cv2.imwrite(str(path), 255 - cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE))
    with pytest.raises(BadData, match="another avatar or camera"):
        run(EvaluateConfig(runs=(tmp_path / "run",), data=other, regressor=regressor))


def test_a_method_without_a_residual_has_no_leak_through_it(
    fit_config: Make, tmp_path: Path, data: Path, regressor: Path
) -> None:
    write_run(fit_config(method="cyclegan"))
    config = EvaluateConfig(runs=(tmp_path / "run",), data=data, regressor=regressor, count=6)
    report = command.evaluate(config)
    assert report.runs[0].method == "cyclegan"
    assert "light_in_c" in report.runs[0].figures
    assert "expression_in_r" not in report.runs[0].figures


def test_nothing_to_measure_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="at least one run"):
        EvaluateConfig(runs=(), data=tmp_path)


def test_help_needs_neither_torch_nor_matplotlib() -> None:
    code = (
        "import sys, train.evaluate, train.cheat; print({'torch', 'matplotlib'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
