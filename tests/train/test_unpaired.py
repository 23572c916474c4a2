"""Training never opens the truth or the coefficients of a simulated set."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.train.conftest import write_images

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


@pytest.mark.parametrize("method", ["uncooperative", "cooperative", "cyclegan"])
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
    done = subprocess.run(
        [sys.executable, "-c", RECORD, *commands.split()],
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"{tmp_path}/run/log.jsonl" in done.stdout, "the recording works"
    assert f"{tmp_path}/second/log.jsonl" in done.stdout
    assert f"{data}/v" in done.stdout
    assert "truth" not in done.stdout
    assert "coefficients" not in done.stdout
    assert "train.fit" in done.stdout
    assert "train.evaluate.simulated" not in done.stdout
