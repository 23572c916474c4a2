"""The front door: help, commands that are none, and one line for whatever is wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from calibration.__main__ import COMMANDS, main

ROOT = Path(__file__).parent.parent.parent


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ending:
        main(["--help"])
    assert ending.value.code == 0
    said = capsys.readouterr().out
    assert all(f"\n  {command} " in said for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ending:
        main([command, "--help"])
    assert ending.value.code == 0
    assert "--profile FILE" in capsys.readouterr().out


def test_no_such_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ending:
        main(["measure"])
    assert ending.value.code == 2
    assert "there are board, view, photometric, viewpoint" in capsys.readouterr().err


def test_it_runs_as_a_program_and_says_errors_in_one_line(tmp_path: Path) -> None:
    command = "view --source missing.png --profile cam.json"
    done = subprocess.run(
        [sys.executable, "-m", "calibration", *command.split()],
        cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("calibration view: missing.png: no such file")
    assert done.stderr.count("\n") == 1
