"""Builds the examples, once for all their tests; skips, with the reason, what cannot be built."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.live import live_stream

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
UNITY = EXAMPLES / "unity"
HERE = Path(__file__).parent
STRICT = ("-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror")
PATIENCE_S = 120.0

Command = list[str]
"""The beginning of a command line."""


def need(tool: str, packages: str) -> None:
    """Skip the test if a program is not installed."""
    if shutil.which(tool) is None:
        pytest.skip(f"there is no {tool} here; apt-get install {packages}")


def run(*command: object, cwd: Path | None = None) -> str:
    """What a command that succeeds writes to stdout."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0, f"{words}:\n{done.stdout}{done.stderr}"
    return done.stdout


def library(name: str) -> list[str] | None:
    """How to compile with a library and link it; None if it is not installed."""
    done = subprocess.run(
        ["pkg-config", "--cflags", "--libs", name], capture_output=True, text=True, check=False
    )
    return done.stdout.split() if done.returncode == 0 else None


@pytest.fixture(scope="session")
def describe_c(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """The C parser over messages; it decodes JPEG where libjpeg is installed."""
    need("gcc", "gcc libc6-dev")
    need("pkg-config", "pkg-config")
    jpeg = library("libjpeg")
    with_jpeg = [] if jpeg is None else ["-DAVATAR_WITH_JPEG"]
    program = tmp_path_factory.mktemp("describe") / "describe"
    sources = (f"-I{EXAMPLES / 'native'}", HERE / "describe.c")
    run("gcc", "-std=c99", *STRICT, *with_jpeg, *sources, "-o", program, *(jpeg or ()))
    return [str(program)]


@pytest.fixture(scope="session")
def describe_node() -> Command:
    """The JavaScript parser over messages."""
    need("node", "nodejs")
    return ["node", str(HERE / "describe.mjs")]


@pytest.fixture(scope="session")
def describe_mono(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """The C# parser over messages."""
    need("mcs", "mono-mcs mono-runtime")
    program = tmp_path_factory.mktemp("describe") / "Describe.exe"
    run(
        "mcs",
        "-warnaserror",
        f"-out:{program}",
        UNITY / "AvatarHeader.cs",
        HERE / "unity" / "Describe.cs",
    )
    return ["mono", str(program)]


@pytest.fixture(scope="session")
def native_client(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """examples/native/viewer, as its Makefile builds it."""
    for tool in ("gcc", "make", "pkg-config"):
        need(tool, "gcc libc6-dev make pkg-config libzmq3-dev")
    if library("libzmq") is None:
        pytest.skip("there is no libzmq to compile with; apt-get install libzmq3-dev")
    folder = tmp_path_factory.mktemp("native") / "native"
    shutil.copytree(EXAMPLES / "native", folder, ignore=shutil.ignore_patterns("viewer"))
    run("make", f"CFLAGS={' '.join(STRICT)}", cwd=folder)
    return [str(folder / "viewer")]


@pytest.fixture(scope="session")
def node_client(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """examples/node/client.mjs with its dependency, which npm brings."""
    need("npm", "nodejs npm")
    folder = tmp_path_factory.mktemp("node") / "node"
    shutil.copytree(EXAMPLES / "node", folder, ignore=shutil.ignore_patterns("node_modules"))
    # The binary is in the package: no script has to run, nothing else is downloaded.
    install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]
    done = subprocess.run(
        install, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"npm cannot install zeromq: {done.stderr.strip().splitlines()[-1]}")
    return ["node", str(folder / "client.mjs")]


@pytest.fixture(scope="session")
def live_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a real launch.py, which streams JPEG for a minute."""
    with live_stream(tmp_path_factory.mktemp("live")) as (_, address):
        yield address
