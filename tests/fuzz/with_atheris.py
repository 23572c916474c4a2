"""`python -m tests.fuzz.with_atheris TARGET [OPTION ...]`: inputs that follow the coverage.

Needs `pip install atheris`, which is not among the project's own dependencies: it has builds for
few versions of Python. The options are libFuzzer's, such as -max_total_time=60. What breaks is
written to crash-...; copy it to corpus/TARGET/, where `test_fuzz.py` finds it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

try:
    import atheris
except ModuleNotFoundError as error:
    sys.exit(f"fuzz: {error}: pip install atheris")

with atheris.instrument_imports(include=["realtime", "calibration", "train.checkpoint"]):
    from tests.fuzz.targets import targets


def main() -> None:
    """Never returns."""
    if len(sys.argv) < 2:
        sys.exit("usage: python -m tests.fuzz.with_atheris TARGET [OPTION ...]")
    name = sys.argv.pop(1)
    with targets() as every, tempfile.TemporaryDirectory() as corpus:
        if name not in every:
            sys.exit(f"fuzz: no target {name}; there are {', '.join(every)}")
        for number, seed in enumerate(every[name].seeds):
            (Path(corpus) / str(number)).write_bytes(seed)
        atheris.Setup([*sys.argv, corpus], every[name].run)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
