"""`python -m realtime.web certificate`, as a user runs it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from realtime.errors import UsageError
from realtime.web import open_web
from realtime.web.__main__ import main
from realtime.web.certificates import certified_names, load_certificate


def test_it_makes_certificates_and_says_how_to_trust_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "certificates"
    assert main(["certificate", str(folder), "--name", "box.example.com"]) == 0
    load_certificate(folder)
    assert {"localhost", "127.0.0.1", "::1", "box.example.com"} <= certified_names(folder)
    said = capsys.readouterr().out
    assert f"adb push {folder}/ca.crt" in said
    assert f"--web-cert {folder}" in said
    assert main(["certificate", str(folder)]) == 0
    assert "trusts this certificate too" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "usage: python -m realtime.web certificate FOLDER"),
        (["token"], "usage: python -m realtime.web certificate FOLDER"),
        (["certificate"], "see python -m realtime.web certificate --help"),
        (["certificate", "/dev/null/x"], "cannot use the folder /dev/null/x"),
    ],
)
def test_a_mistake_gets_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert message in line


@pytest.mark.parametrize("library", ["aiohttp", "segno", "ifaddr", "cryptography"])
def test_without_the_extra_it_is_said_how_to_install_it(
    library: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in [name for name in sys.modules if name.startswith("realtime.web.")]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.split(".")[0] == library]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(UsageError, match=r"--web needs the extra \[web\].*pip install"):
        open_web("0", stream="main", certificates=None, insecure=False, on_event=print)
