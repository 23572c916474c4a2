"""`python -m tests.fuzz [TARGET ...]`: mutated inputs, many of them; what breaks is kept."""

from __future__ import annotations

import hashlib
import itertools
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from realtime.command_line import parse
from realtime.errors import UsageError
from tests.fuzz.mutate import mutated
from tests.fuzz.targets import Target, targets

CORPUS = Path(__file__).parent / "corpus"
HANG_S = 10.0
"""No input of this size takes a parser a thousandth of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FuzzConfig:
    """The docstrings of the fields are the text of --help."""

    targets: Annotated[Positional[tuple[str, ...]], arg(metavar="TARGET")] = ()
    """Which parsers; all if none is named."""
    inputs: int | None = None
    """So many each."""
    seconds: float | None = None
    """So long each; without --inputs and --seconds, 10."""
    seed: int = 0
    """The first one; the next inputs have the next ones."""


class Hang(BaseException):
    """An input takes too long. No parser can mistake it for one of its own errors."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 1 if anything broke."""
    signal.signal(signal.SIGALRM, _on_alarm)
    try:
        config = parse(
            FuzzConfig,
            sys.argv[1:] if arguments is None else arguments,
            "python -m tests.fuzz",
            __doc__ or "",
        )
        with targets() as every:
            if unknown := set(config.targets) - set(every):
                raise UsageError(f"no target {sorted(unknown)}; there are {', '.join(every)}")
            broken = [fuzz(every[name], config) for name in config.targets or every]
    except UsageError as error:
        print(f"fuzz: {error}", file=sys.stderr)
        return 2
    return int(any(broken))


def fuzz(target: Target, config: FuzzConfig) -> bool:
    """Give one target its inputs; whether anything broke."""
    start_s = time.monotonic()
    until_s = start_s + (config.seconds or (float("inf") if config.inputs else 10.0))
    kinds: set[str] = set()
    count = 0
    for seed in itertools.count(config.seed):
        if count == config.inputs or time.monotonic() >= until_s:
            break
        count += 1
        data = mutated(target.seeds, seed)
        if (kind := breaks(target, data)) is not None and kind not in kinds:
            kinds.add(kind)
            print(f"fuzz: {target.name}: {kind} by seed {seed}, kept as {_keep(target, data)}")
    took_s = time.monotonic() - start_s
    rate = count / max(took_s, 1e-9)
    print(f"{target.name:13} {count:9} inputs {took_s:7.1f} s {rate:8.0f}/s  broke: {len(kinds)}")
    sys.stdout.flush()
    return bool(kinds)


def breaks(target: Target, data: bytes) -> str | None:
    """What went wrong and where; None: nothing did."""
    signal.setitimer(signal.ITIMER_REAL, HANG_S)
    try:
        target.run(data)
    except (Exception, Hang) as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return None


def _keep(target: Target, data: bytes) -> Path:
    path = CORPUS / target.name / hashlib.sha256(data).hexdigest()[:12]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _on_alarm(_number: int, _frame: object) -> None:
    raise Hang(f"over {HANG_S:g} s")


if __name__ == "__main__":
    sys.exit(main())
