"""`python -m train`: every command is there, and helps."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
import tyro

from train.__main__ import COMMANDS, USAGE, main


def test_the_overview_names_every_command_and_needs_no_torch() -> None:
    assert [line.split()[0] for line in USAGE.splitlines()[2:]] == list(COMMANDS)
    code = (
        "import sys; from train.__main__ import main\n"
        "try: main(['--help'])\n"
        "finally: print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == USAGE + "False\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_config_with_help_for_each_of_its_fields(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path, module = COMMANDS[command]
    config_module, name = path.split(":")
    config = getattr(importlib.import_module(config_module), name)
    assert callable(importlib.import_module(module).run)
    with pytest.raises(SystemExit) as left:
        tyro.cli(config, args=["--help"])
    assert left.value.code == 0
    assert config.__doc__.splitlines()[0].split(".")[0] in " ".join(capsys.readouterr().out.split())


def test_an_unknown_command_is_answered_with_those_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["tarin"])
    assert left.value.code == 2
    assert "no command 'tarin'; there are simulate, landmarks, renders" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--size 66 --v v --c c", "size must be a multiple of 4, at least 32; got 66"),
        ("", "say where the images are"),
        ("--v missing --c c", "missing does not exist"),
        ("--v v --c c --batch 0", "batch must be at least 1, got 0"),
        ("--v v --c c --eigen-weight -1", "eigen_weight must be at least 0, got -1"),
        ("--v v --c c --coarse-lr 0.1", "coarse_lr must be at least 0, and is for a network with"),
        ("--v v --c c --identity 1", "--identity is for --method cyclegan"),
    ],
)
def test_bad_arguments_of_fit_get_one_line(
    arguments: str,
    message: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    out = tmp_path_factory.mktemp("run")
    with pytest.raises(SystemExit) as left:
        main(["fit", *arguments.split(), "--no-tensorboard", "--out", str(out)])
    assert left.value.code not in (0, None)
    assert message in " ".join(capsys.readouterr().err.split())


def test_ctrl_c_before_the_first_step_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def interrupted(config: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("train.fit.run", interrupted)
    with pytest.raises(SystemExit) as left:
        main(["fit", "--data", str(tmp_path), "--out", str(tmp_path / "run")])
    assert left.value.code == 130
    assert capsys.readouterr().err == "train fit: stopped\n"
