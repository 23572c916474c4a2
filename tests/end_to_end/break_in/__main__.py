"""An attempt to break into a launch.py, or to bring it down.

    python -m tests.end_to_end.break_in tcp://HOST:5555 [tcp://HOST:5556] [http://HOST:8443]

(the stream, its clock, its page) says what is open, and what came of each attack on the one that
runs there (network.py); then it starts others with bundles and sessions in which a stranger was at
work (bundles.py, sessions.py).
`test_break_in.py` does the same to one that it started, and looks meanwhile whether those who may
watch still can.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from realtime.address import parse_address
from tests.conftest import write_tiny_bundle
from tests.end_to_end.break_in import bundles, network, sessions

LAUNCH = [sys.executable, str(Path(__file__).parents[3] / "launch.py")]
PATIENCE_S = 60.0

Attempt = tuple[str, str, bool]
"""What was tried, what came of it, and whether that is all that should."""


def by_the_ports(address: str, others: Sequence[str]) -> Iterator[Attempt]:
    """On the one that runs."""
    for host in (parse_address(address).host, *network.other_addresses()):
        yield f"open ports on {host}, of all programs", str(network.open_ports(host)), True
    yield "subscribe_without_a_key", network.subscribe_without_a_key(address), True  # see --curve
    for where in (address, *others):
        attacks = network.ON_A_SOCKET if where.startswith("tcp:") else network.ON_THE_WEB
        for attack, held in attacks.items():
            came_of_it = attack(where)
            yield f"{attack.__name__} on {where}", came_of_it, came_of_it == held


def by_files() -> Iterator[Attempt]:
    """On others."""
    for kind, damages in (("bundle", bundles.DAMAGES), ("session", sessions.DAMAGES)):
        for damage, refusal in damages.items():
            said = hand_over(kind, damage)
            refused = refusal in said
            yield f"{kind} {damage.__name__}", "refused" if refused else said, refused


def hand_over(kind: str, damage: Callable[[Path], None]) -> str:
    """What a launch.py says when it refuses a bundle or session after `damage`, or what it did."""
    with tempfile.TemporaryDirectory() as folder:
        bundle, session = Path(folder, "bundle"), Path(folder, "session")
        bundle.mkdir()
        write_tiny_bundle(bundle)
        sessions.write_session(session)
        damage({"bundle": bundle, "session": session}[kind])
        asked = ("--camera", str(session), "--bundle", str(bundle), "--bind", "tcp://127.0.0.1:0")
        try:
            done = subprocess.run(
                [*LAUNCH, *asked], capture_output=True, text=True, timeout=PATIENCE_S
            )
        except subprocess.TimeoutExpired:
            return "it hung"
    return done.stderr if done.returncode == 1 else f"exit code {done.returncode}"


def main(address: str, *others: str) -> int:
    """Try everything; 1 if anything worked."""
    worked = 0
    for attempts in (by_the_ports(address, others), by_files()):
        for what, came_of_it, held in attempts:
            worked += not held
            print(f"{what}: {came_of_it}{'' if held else ' - IT WORKED'}", flush=True)
    return int(worked > 0)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
