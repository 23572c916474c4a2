"""The command from its arguments to its files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from calibration.opencv import cv2
from train.errors import TrainError
from train.synthetic import command
from train.synthetic.config import SyntheticConfig
from train.synthetic.experiment import Experiment

MakeConfig = Callable[..., SyntheticConfig]


def refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def test_it_writes_figures_and_a_picture(
    synthetic_config: MakeConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    config = synthetic_config(settings=("balanced",), data=("isotropic", "clusters"))
    command.run(config)
    text = (config.out / "synthetic.json").read_text()
    content = json.loads(text, parse_constant=refuse)
    kinds = {(run["method"], run["setting"], run["data"]) for run in content["runs"]}
    assert len(kinds) == len(content["runs"]) == 4
    for run in content["runs"]:
        assert len(run["seeds"]["rho_r"]) == 3
        assert len(run["curves"]["l_v"]) == len(content["curve_steps"]) == 4
    assert content["curve_steps"] == [0, 2, 4, 6]
    assert content["machine"]["threads"] == 1
    assert len(content["uncooperative_minus_cooperative"]) == 2
    picture = cv2.imread(str(config.out / "synthetic.png"))
    assert picture is not None
    assert picture.std() > 10
    assert "uncooperative" in capsys.readouterr().out


def test_interrupting_keeps_what_was_done(
    synthetic_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = synthetic_config(settings=("balanced",))
    whole = Experiment.advance

    def interrupted(self: Experiment, until: int) -> None:
        whole(self, until)
        if until == 4:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Experiment, "advance", interrupted)
        with pytest.raises(SystemExit) as stopped:
            command.run(config)
    assert stopped.value.code == 130
    assert not (config.out / "synthetic.json").exists()
    command.run(config)
    content = json.loads((config.out / "synthetic.json").read_text())
    assert content["curve_steps"] == [0, 2, 4, 6]


def test_a_folder_that_cannot_be_written_is_named(
    synthetic_config: MakeConfig, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TrainError, match="file/out cannot be written"):
        command.run(synthetic_config(out=tmp_path / "file" / "out"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seeds": 0}, "--seeds must be at least 1, got 0"),
        ({"data": ()}, "--data takes one or more names"),
        ({"settings": ("paper", "paper")}, "--settings takes one or more names, each once"),
        ({"decay": 1.5}, "--decay is a part of the run"),
    ],
)
def test_impossible_wishes(
    synthetic_config: MakeConfig, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(TrainError, match=message):
        synthetic_config(**changes)
