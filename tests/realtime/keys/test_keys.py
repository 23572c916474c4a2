"""The files with keys, and the command that makes them."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from realtime.errors import UsageError
from realtime.keys import ClientKey, KeyFolder
from realtime.keys.__main__ import main


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    return KeyFolder(tmp_path / "keys")


def test_only_the_owner_may_read_what_is_written(keys: KeyFolder, tmp_path: Path) -> None:
    keys.new("alice").save(tmp_path / "alice")
    files = [tmp_path / "alice", *(path for path in keys.path.rglob("*") if path.is_file())]
    assert len(files) == 3
    for path in (keys.path, keys.path / "clients", *files):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_the_folder_holds_no_secret_of_a_client(keys: KeyFolder) -> None:
    key = keys.new("alice")
    everything = "".join(path.read_text() for path in keys.path.rglob("*") if path.is_file())
    assert key.public in everything
    assert key.secret not in everything
    assert key.secret not in repr(key)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602, 0o604])
def test_a_secret_that_others_may_read_is_refused(
    keys: KeyFolder, tmp_path: Path, mode: int
) -> None:
    keys.new("alice").save(tmp_path / "alice")
    for path, read in (
        (tmp_path / "alice", lambda: ClientKey.load(tmp_path / "alice")),
        (keys.path / "publisher.json", keys.secret),
    ):
        path.chmod(mode)
        with pytest.raises(UsageError, match=rf"others may read \(mode {mode:o}\).*chmod 600"):
            read()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"secret": "x"}, "secret: String should match"),
        ({"secret": "0" * 40}, "do not belong together"),
        ({"more": 1}, "more: Extra inputs"),
        ({"version": 2}, "version: "),
    ],
)
def test_a_damaged_key_is_refused_without_showing_it(
    keys: KeyFolder, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    path = tmp_path / "alice"
    key = keys.new("alice")
    key.save(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(UsageError, match=message) as caught:
        ClientKey.load(path)
    assert key.secret not in str(caught.value)


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".a", "a b", "x" * 65, "a\n"])
def test_a_name_is_no_path(keys: KeyFolder, name: str) -> None:
    for use in (keys.new, keys.revoke):
        with pytest.raises(UsageError, match="is no client's name"):
            use(name)
    assert not keys.path.exists()


def test_the_command_makes_shows_and_revokes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert main(["new", "alice"]) == 0
    assert "alice.key.json lets alice watch" in capsys.readouterr().out
    key = ClientKey.load(Path("alice.key.json"))
    assert main(["new", "bob", "--public", key.public]) == 0
    assert f"the publisher's public key is {key.publisher}" in capsys.readouterr().out
    assert main(["list"]) == 0
    publisher, alice, bob = capsys.readouterr().out.splitlines()
    assert key.publisher in publisher
    assert (alice.split()[:2], bob.split()[:2]) == (["alice", key.public], ["bob", key.public])
    assert main(["revoke", "alice"]) == 0
    assert [client.name for client in KeyFolder.default().clients()] == ["bob"]
    assert main(["--help"]) == 0
    assert "--curve alice.key.json" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "usage: python -m realtime.keys new NAME"),
        (["make"], "usage: python -m realtime.keys new NAME"),
        (["new"], "see python -m realtime.keys new --help"),
        (["new", "alice", "--out", "there"], "there exists"),
        (["new", "alice", "--out", "no/where"], "cannot write no/where"),
        (["new", "alice", "--public", "x"], "'x' is no public key"),
        (["new", "taken"], "taken has a key already"),
        (["revoke", "bob"], "cannot revoke bob: .* lets in taken"),
        (["list", "--keys", "nothing"], "cannot read the key nothing/publisher.json"),
    ],
)
def test_a_mistake_gets_one_line(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    Path("there").touch()
    KeyFolder.default().new("taken")
    assert main(arguments) == 2
    said = capsys.readouterr().err
    with pytest.raises(UsageError, match=message):
        raise UsageError(said)
    assert [client.name for client in KeyFolder.default().clients()] == ["taken"]
