"""Every parser against what once broke one, and against a few hundred other bad inputs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import __main__ as command
from tests.fuzz.__main__ import main
from tests.fuzz.mutate import mutated
from tests.fuzz.targets import Target, targets

CORPUS = Path(__file__).parent / "corpus"
FOUND = sorted(path for path in CORPUS.rglob("*") if path.is_file())
WITHOUT_FILES = ("message", "info", "ping", "subscription", "web-socket")
WITH_FILES = ("manifest", "golden", "profile", "checkpoint", "tensors")
WITH_FILES += ("session", "session-file", "marks")


@pytest.fixture(scope="module")
def every() -> Iterator[dict[str, Target]]:
    with targets() as every:
        yield every


def test_every_target_is_fuzzed_here(every: dict[str, Target]) -> None:
    assert set(every) == {*WITHOUT_FILES, *WITH_FILES}


@pytest.mark.parametrize("path", FOUND, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_was_found_is_refused_as_it_should_be(every: dict[str, Target], path: Path) -> None:
    every[path.parent.name].run(path.read_bytes())


@pytest.mark.parametrize("name", WITHOUT_FILES)
def test_no_bytes_break_a_parser(every: dict[str, Target], name: str) -> None:
    fuzz(every[name], 300)


@pytest.mark.parametrize("name", WITH_FILES)
def test_no_file_breaks_its_reader(every: dict[str, Target], name: str) -> None:
    fuzz(every[name], 60)


def fuzz(target: Target, examples: int) -> None:
    changed = st.integers(0, 2**32).map(lambda seed: mutated(target.seeds, seed))

    @settings(derandomize=True, deadline=None, max_examples=examples)
    @given(st.one_of(changed, changed, st.binary(max_size=100)))
    def run(data: bytes) -> None:
        target.run(data)

    run()


def test_the_same_seed_gives_the_same_input() -> None:
    good = (b"some bytes", b"others")
    assert [mutated(good, n) for n in range(50)] == [mutated(good, n) for n in range(50)]
    assert len({mutated(good, n) for n in range(50)}) > 30


def test_the_command_counts_its_inputs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ping", "--inputs", "100"]) == 0
    assert re.search(r"^ping +100 inputs .* broke: 0$", capsys.readouterr().out)


def test_the_command_keeps_what_breaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "CORPUS", tmp_path)
    fragile = Target(name="fragile", seeds=(b"good",), run=lambda data: data.decode("ascii"))
    assert command.fuzz(fragile, command.FuzzConfig(inputs=200))
    (kept,) = (tmp_path / "fragile").iterdir()
    with pytest.raises(UnicodeDecodeError):
        fragile.run(kept.read_bytes())
    assert "UnicodeDecodeError at " in capsys.readouterr().out
