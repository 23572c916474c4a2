"""OpenVINO as a guest in the live process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

QUIETLY = """
import os, sys
from pathlib import Path
from realtime.backends import open_backend
from realtime.bundle import Bundle

os.register_at_fork(before=lambda: print("forked", file=sys.stderr))
open_backend("openvino", Bundle.load(Path(sys.argv[1]))).close()
print([name for name, module in sys.modules.items() if "telemetry" in name and module])
"""


def test_it_is_imported_without_a_word_to_its_makers(tiny_bundle: Path) -> None:
    pytest.importorskip("openvino", reason="no openvino: pip install openvino")
    command = [sys.executable, "-c", QUIETLY, str(tiny_bundle)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "forked" not in done.stderr
    assert "openvino_telemetry" not in done.stdout


SIGNALLED = """
import signal, sys
from pathlib import Path
from realtime.backends.open_vino import OpenVino
from realtime.bundle import Bundle

bundle = Bundle.load(Path(sys.argv[1]))
opened = [OpenVino(bundle), OpenVino(bundle)]
del opened[0]
del opened[0]
signal.signal(signal.SIGINT, lambda *_: print("heard"))
signal.raise_signal(signal.SIGINT)
"""


def test_a_signal_is_survived_after_two_models_have_come_and_gone(tiny_bundle: Path) -> None:
    pytest.importorskip("openvino", reason="no openvino: pip install openvino")
    command = [sys.executable, "-c", SIGNALLED, str(tiny_bundle)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "heard\n"), done.stderr
