"""What a limit must leave; that a real launch.py obeys is in tests/end_to_end/faults."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from realtime.memory import MIB, NEEDED_MIB, prepare_memory, too_little_memory

resource = pytest.importorskip("resource", reason="no limits of this kind on Windows")


@pytest.mark.parametrize("name", NEEDED_MIB)
def test_each_limit_is_looked_at(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    what, command, needed_mib = NEEDED_MIB[name]
    limits = dict.fromkeys((resource.RLIMIT_AS, resource.RLIMIT_DATA), resource.RLIM_INFINITY)
    monkeypatch.setattr(resource, "getrlimit", lambda limit: (limits[limit],) * 2)
    assert too_little_memory() is None
    limits[getattr(resource, f"RLIMIT_{name}")] = needed_mib * MIB
    assert too_little_memory() is None
    limits[getattr(resource, f"RLIMIT_{name}")] -= 1
    said = too_little_memory() or ""
    assert f"the {what} is limited to {needed_mib - 1} MiB, {needed_mib} MiB are needed" in said
    assert f"({command} {needed_mib * 1024})" in said
    with pytest.raises(SystemExit, match="launch: too little memory to start"):
        prepare_memory()


def test_threads_that_somebody_asked_for_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.memory.too_little_memory", lambda: None)
    for given, after in (("4", "4"), (None, "1")):
        if given is None:
            monkeypatch.delenv("OPENBLAS_NUM_THREADS")
        else:
            monkeypatch.setenv("OPENBLAS_NUM_THREADS", given)
        prepare_memory()
        assert os.environ["OPENBLAS_NUM_THREADS"] == after


HEAPS_OF_SIX_THREADS = """
import ctypes, sys, threading
from realtime.memory import use_one_heap
if sys.argv[1] == "one":
    use_one_heap()
all_here, over = threading.Barrier(7), threading.Event()
def hold():
    held = bytearray(50_000)
    all_here.wait()
    over.wait()
for _ in range(6):
    threading.Thread(target=hold).start()
all_here.wait()
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
out = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, out)
libc.fflush(out)
over.set()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has such heaps")
@pytest.mark.parametrize("asked", ["one", "as many as it likes"])
def test_threads_share_one_heap(asked: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", HEAPS_OF_SIX_THREADS, asked],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    heaps = done.stdout.count("<heap nr=")
    assert heaps == 1 if asked == "one" else heaps > 1
