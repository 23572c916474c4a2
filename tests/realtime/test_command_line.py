"""Command lines: what is asked arrives, what is wrong is one line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pytest

from realtime.command_line import parse
from realtime.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Config:
    name: str
    """A name."""
    colour: Literal["red", "green"] = "red"
    """One of them."""
    count: int | None = None
    loud: bool = False

    def __post_init__(self) -> None:
        if self.count == 13:
            raise UsageError("--count 13: choose a luckier number")


def ask(*arguments: str) -> Config:
    return parse(Config, arguments, "a_program", "Does something.")


def test_what_is_asked_for_arrives() -> None:
    asked = ask("--name", "x", "--colour", "green", "--count", "3", "--loud")
    assert asked == Config(name="x", colour="green", count=3, loud=True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--name"),
        (("--name",), "--name"),
        (("--name", "x", "--colour", "blue"), "'blue'"),
        (("--name", "x", "--count", "many"), "--count"),
        (("--name", "x", "--lowd"), "--lowd"),
        (("--name", "x", "y" * 200), "yyyy"),
        (("--name", "x", "--count", "13"), "choose a luckier number"),
    ],
)
def test_what_is_wrong_is_one_line(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError) as caught:
        ask(*arguments)
    message = str(caught.value)
    assert said in message
    assert "\n" not in message
    assert not set(message) & set("│╭╰─")
    assert capsys.readouterr() == ("", "")


def test_help_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        ask("--help")
    assert ended.value.code == 0
    assert "Does something." in capsys.readouterr().out
