"""`prepare_memory`: ends a launch.py that would crash or hang for want of memory while it starts.
`use_one_heap`, `give_back_memory`: for one that runs for hours.

A library that finds no room while it is loaded, or none for a thread's stack, crashes (the OpenBLAS
in OpenCV), ends the process (libzmq) or waits for ever (OpenVINO), and nobody can catch that. So
the limits are looked at first; nothing is imported here but the standard library.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import sys

MIB = 1 << 20
_M_ARENA_MAX = -8
"""From glibc's malloc.h."""
NEEDED_MIB = {"AS": ("address space", "ulimit -v", 2560), "DATA": ("data", "ulimit -d", 1024)}
"""Name of the RLIMIT -> what it limits, the shell's command for it (in KiB), what there must be.

With the bundle that ships, --backend auto, --web and --record, 1904 and 210 MiB were the most that
was in use; but up to 1600 and 440 MiB starts were seen to fail, more often the more cores there
were. The rest is for larger pictures, and for those that wait to be recorded."""


def prepare_memory() -> None:
    """To be called before anything else is imported. Ends the program if it has too little."""
    # Nothing here computes with it, and its threads take 180 MB of address space for each core.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    use_one_heap()
    if (problem := too_little_memory()) is not None:
        sys.exit(f"launch: {problem}")


def too_little_memory() -> str | None:
    """What is limited too much, and what to do, in one line; None: nothing is."""
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return None
    for name, (what, command, needed_mib) in NEEDED_MIB.items():
        limit, _ = resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))
        if limit != resource.RLIM_INFINITY and limit < needed_mib * MIB:
            return (
                f"too little memory to start: the {what} is limited to {limit // MIB} MiB, "
                f"{needed_mib} MiB are needed: raise the limit ({command} {needed_mib * 1024})"
            )
    return None


def use_one_heap() -> None:
    """To be called before there are threads. Otherwise glibc gives each a heap of its own, and a
    camera that comes back, with new threads, leaves its holes in another one each time."""
    with _where_glibc_is():
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def give_back_memory() -> None:
    """Free what nobody can reach any more, and return what is free to the system. After
    `gc.freeze()` that takes less than a millisecond.

    Next to nothing is garbage while frames go by, so Python does not look for it; and glibc keeps
    the holes that pictures of another size leave between what is in use.
    """
    gc.collect()
    with _where_glibc_is():
        ctypes.CDLL(None).malloc_trim(0)


def _where_glibc_is() -> contextlib.suppress:
    """Another library of C manages its memory in its own ways."""
    return contextlib.suppress(OSError, AttributeError, TypeError)
