"""Training never opens the truth or the coefficients of a simulated set."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.train.conftest import write_images

RECORD = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
from train.__main__ import main
main(sys.argv[1:])
print("\\n".join(opened))
"""


def test_what_trains_opens_neither_truth_nor_coefficients(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for name, seed in (("v", 1), ("truth", 2), ("c", 3)):
        write_images(data / name, 4, seed)
    (data / "coefficients.json").write_text("{}")
    arguments = f"fit --v {data}/v --c {data}/c --out {tmp_path}/run --steps 2 --batch 1 --size 32"
    done = subprocess.run(
        [sys.executable, "-c", RECORD, *arguments.split(), "--width", "8", "--sample-every", "1"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"{tmp_path}/run/log.jsonl" in done.stdout, "the recording works"
    assert "truth" not in done.stdout
    assert "coefficients" not in done.stdout
