"""Who may watch: the token of this run, a pass of the same stream and key, and nobody else."""

from __future__ import annotations

import stat
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.secret_files import KEY_BYTES
from realtime.web.gate import KEY_FILE, PASS_LIFE_S, Gate, load_key

KEY = bytes(range(KEY_BYTES))


def test_the_token_opens_it_and_is_new_in_every_run() -> None:
    gate = Gate("main", KEY)
    assert gate.admits(gate.token, "")
    assert len(gate.token) >= 22  # 128 bits
    assert not Gate("main", KEY).admits(gate.token, "")


def test_a_pass_is_good_in_the_next_run_too_for_the_same_stream_and_key() -> None:
    good = Gate("main", KEY).new_pass()
    assert Gate("main", KEY).admits("", good)
    assert not Gate("other", KEY).admits("", good)
    assert not Gate("main", bytes(KEY_BYTES)).admits("", good)


def test_a_pass_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate("main", KEY)
    good = gate.new_pass()
    later_s = time.time() + PASS_LIFE_S + 1
    monkeypatch.setattr("realtime.web.gate.time.time", lambda: later_s)
    assert not gate.admits("", good)


def test_a_pass_cannot_be_made_to_last_longer() -> None:
    gate = Gate("main", KEY)
    expiry, signature = gate.new_pass().split(".")
    assert gate.admits("", f"{expiry}.{signature}")
    assert not gate.admits("", f"{int(expiry) + 1}.{signature}")
    assert not gate.admits("", f"{expiry}.{signature[:-1]}")
    assert not gate.admits("", f"{expiry}.{signature.upper()}")


@given(st.text(), st.text())
def test_nothing_else_opens_it_or_breaks_it(token: str, pass_: str) -> None:
    assert not Gate("main", KEY).admits(token, pass_)


def test_the_key_is_kept_for_the_next_run_and_for_its_owner_alone(state_home: Path) -> None:
    said: list[str] = []
    key = load_key(said.append)
    assert load_key(said.append) == key
    (path,) = state_home.rglob(KEY_FILE)
    assert path.read_bytes() == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]
    assert said == []


def test_a_damaged_key_is_made_anew(state_home: Path) -> None:
    load_key(print)
    (path,) = state_home.rglob(KEY_FILE)
    path.write_bytes(b"short")
    assert len(load_key(print)) == KEY_BYTES == len(path.read_bytes())
