"""Engines of another machine are not loaded, damaged ones are built again."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from realtime.backends.engine_cache import EngineKey, load_or_build
from realtime.bundle import Bundle

KEY = EngineKey(
    onnx_sha256="0123456789abcdef" * 4,
    gpu="NVIDIA RTX 4090 sm89",
    tensorrt="11.4.0.106",
    driver="13000",
    precision="float16",
)


class Builder:
    """Builds plans that are numbered, and loads any that it is not told to refuse."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.built, self.refused = folder, 0, set[bytes]()
        self.said: list[str] = []

    def build(self) -> bytes:
        self.built += 1
        return b"plan %d" % self.built

    def open(self, key: EngineKey = KEY) -> bytes | None:
        return load_or_build(
            self.folder,
            key,
            load=lambda plan: None if plan in self.refused else plan,
            build=self.build,
            on_event=self.said.append,
        )


@pytest.fixture
def builder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Builder:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Builder(tmp_path / "engines")


def test_the_file_name_tells_what_the_engine_is_for() -> None:
    expected = "01234567-NVIDIA_RTX_4090_sm89-11.4.0.106-13000-float16.plan"
    assert KEY.file_name == expected


def test_an_engine_is_built_once(builder: Builder) -> None:
    assert builder.open() == builder.open() == b"plan 1"
    assert builder.built == 1
    assert [path.name for path in builder.folder.iterdir()] == [KEY.file_name]


@pytest.mark.parametrize(
    "other",
    [
        {"onnx_sha256": "f" * 64},
        {"gpu": "NVIDIA H100 sm90"},
        {"tensorrt": "11.5.0"},
        {"driver": "13010"},
        {"precision": "int8"},
    ],
)
def test_it_is_built_again_when_anything_differs(builder: Builder, other: dict[str, str]) -> None:
    builder.open()
    assert builder.open(replace(KEY, **other)) == b"plan 2"


@pytest.mark.parametrize("damage", [b"", b"x" * 7, b"x" * 100])
def test_a_damaged_engine_is_built_again(builder: Builder, damage: bytes) -> None:
    builder.open()
    (builder.folder / KEY.file_name).write_bytes(damage)
    assert builder.open() == builder.open() == b"plan 2"
    assert any(
        "it is damaged, or was not built here; it is built again" in line for line in builder.said
    )


def test_an_engine_that_tensorrt_refuses_is_built_again(builder: Builder) -> None:
    builder.refused.add(builder.open() or b"")
    assert builder.open() == b"plan 2"
    assert any("TensorRT refuses it; it is built again" in line for line in builder.said)


def test_where_nothing_can_be_written_it_works_all_the_same(builder: Builder) -> None:
    builder.folder.write_text("a file in the place of the folder")
    assert builder.open() == b"plan 1"
    assert any("cannot be kept" in line for line in builder.said)


def test_the_key_of_a_bundle_is_its_graph_and_precision(tiny_bundle: Path) -> None:
    bundle = Bundle.load(tiny_bundle)
    key = EngineKey.of(bundle, gpu="g", tensorrt="t", driver="d")
    assert key.onnx_sha256 == bundle.manifest.files["model.onnx"]
    assert key.precision == bundle.manifest.precision


def test_an_engine_that_came_with_a_bundle_is_not_loaded(
    builder: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its builder had a key too, and the file has the right name."""
    builder.open()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another user's"))
    assert builder.open() == builder.open() == b"plan 2"
    assert any("was not built here" in line for line in builder.said)


def test_an_engine_is_good_for_its_own_name_alone(builder: Builder) -> None:
    builder.open()
    other = replace(KEY, gpu="NVIDIA H100 sm90")
    (builder.folder / KEY.file_name).rename(builder.folder / other.file_name)
    assert builder.open(other) == b"plan 2"


@pytest.mark.parametrize("kind", ["link", "pipe", "linked folder"])
def test_what_is_no_regular_file_is_neither_read_nor_written_through(
    builder: Builder, tmp_path: Path, kind: str
) -> None:
    elsewhere, path = tmp_path / "elsewhere", builder.folder / KEY.file_name
    if kind == "linked folder":
        elsewhere.mkdir()
        builder.folder.symlink_to(elsewhere)
    else:
        builder.open()
        path.rename(elsewhere)
        path.symlink_to(elsewhere) if kind == "link" else os.mkfifo(path)
    before = builder.built
    assert builder.open() == b"plan %d" % (before + 1)
    if kind == "linked folder":
        assert list(elsewhere.iterdir()) == []
        assert any("symbolic link" in line for line in builder.said)
    else:
        assert path.is_file()
        assert not path.is_symlink()
        assert builder.open() == b"plan %d" % (before + 1)


def test_without_a_key_of_its_own_no_engine_is_kept(builder: Builder, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file in the place of the folder")
    assert (builder.open(), builder.open()) == (b"plan 1", b"plan 2")
    assert not builder.folder.exists()
    assert any(line.startswith("engines are not kept: ") for line in builder.said)
