"""Training never opens the truth or the coefficients of a simulated set."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.train.conftest import write_images
from tests.train.untrained import write_run
from train.config import FitConfig, NetworkConfig
from train.step import METHODS

CAN_OPEN_THEM = ("train.evaluate.simulated", "train.evaluate.regressor", "train.cheat.material")
RECORD = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
from train.__main__ import main
for arguments in " ".join(sys.argv[1:]).split(" then "):
    main(arguments.split())
print("\\n".join(opened))
print(*sys.modules)
"""


@pytest.mark.parametrize("method", METHODS)
def test_what_trains_opens_neither_truth_nor_coefficients(tmp_path: Path, method: str) -> None:
    """A run from the whole set, gone on with; and one from its networks, which finds v and c apart.
    The modules that can open truth and coefficients are not even imported."""
    data = tmp_path / "data"
    for name, seed in (("v", 1), ("truth", 2), ("c", 3)):
        write_images(data / name, 4, seed)
    (data / "coefficients.json").write_text("{}")
    tiny = f"--method {method} --batch 1 --size 32 --width 8 --sample-every 1 --no-tensorboard"
    first = f"fit --data {data} --out {tmp_path}/run {tiny}"
    second = f"fit --v {data}/v --c {data}/c --out {tmp_path}/second {tiny} --init {tmp_path}/run"
    commands = f"{first} --steps 2 then {first} --steps 3 then {second} --steps 1"
    opened = record(commands)
    assert f"{tmp_path}/run/log.jsonl" in opened, "the recording works"
    assert f"{tmp_path}/second/log.jsonl" in opened
    assert f"{data}/v" in opened
    assert "truth" not in opened
    assert "coefficients" not in opened
    assert "train.fit" in opened
    assert not any(name in opened for name in CAN_OPEN_THEM)


def test_a_student_opens_neither_truth_nor_coefficients_nor_renders(tmp_path: Path) -> None:
    """All it asks for is v: of the teacher's own set, and of another one."""
    for data in ("data", "other"):
        for name, seed in (("v", 1), ("truth", 2), ("c", 3)):
            write_images(tmp_path / data / name, 4, seed)
        (tmp_path / data / "coefficients.json").write_text("{}")
    teacher = write_run(
        FitConfig(
            v=tmp_path / "data" / "v",
            c=tmp_path / "data" / "c",
            out=tmp_path / "teacher",
            network=NetworkConfig(size=32, width=8),
        )
    )
    tiny = f"distill --teacher {teacher} --width 8 --batch 1 --sample-every 1 --no-tensorboard"
    first = f"{tiny} --out {tmp_path}/first --unseen {tmp_path}/other/v --gan-weight 1"
    second = f"{tiny} --out {tmp_path}/second --v {tmp_path}/other/v"
    opened = record(f"{first} --steps 1 then {first} --steps 2 then {second} --steps 1")
    assert f"{tmp_path}/first/log.jsonl" in opened, "the recording works"
    assert f"{tmp_path}/second/log.jsonl" in opened
    assert "train.distill.lesson" in opened
    for data in ("data", "other"):
        assert f"{tmp_path}/{data}/v" in opened
        assert f"{tmp_path}/{data}/c" not in opened
    assert "truth" not in opened
    assert "coefficients" not in opened
    assert not any(name in opened for name in CAN_OPEN_THEM)


def record(commands: str) -> str:
    """Names of all files that the commands open and of all modules that they load, a line each."""
    done = subprocess.run(
        [sys.executable, "-c", RECORD, *commands.split()],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
