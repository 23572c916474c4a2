"""The data set: its layout, what belongs together in it, what does not, and refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from calibration.opencv import cv2
from calibration.profile import CameraProfile
from tests.train.simulate.conftest import write_backgrounds
from tests.train.simulate.tiny_avatar import tiny_glb
from train.__main__ import main
from train.errors import BadAvatar, BadData, TrainError
from train.simulate import command, scene
from train.simulate.avatar import Avatar
from train.simulate.command import run
from train.simulate.config import SimulateConfig
from train.simulate.optics import Camera
from train.simulate.renderer import Renderer
from train.simulate.rig import Rig

SIZE_PX = 64


SMALL: dict[str, Any] = {"v": 3, "c": 4, "clip": 0.2, "seed": 7, "size": SIZE_PX}


@pytest.fixture
def config(avatar_path: Path, backgrounds: Path, tmp_path: Path) -> SimulateConfig:
    return SimulateConfig(
        avatar=avatar_path, backgrounds=backgrounds, out=tmp_path / "out", **SMALL
    )


def changed(config: SimulateConfig, **values: Any) -> SimulateConfig:
    return SimulateConfig(**{**vars(config), **values})


def read(path: Path) -> np.ndarray:
    return np.asarray(cv2.imread(str(path)), np.uint8)[..., ::-1]


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def written(egl: None, tmp_path_factory: pytest.TempPathFactory) -> SimulateConfig:
    """A data set that tests read and leave as it is."""
    folder = tmp_path_factory.mktemp("written")
    config = SimulateConfig(
        avatar=tiny_glb().save(folder / "tiny.glb"),
        backgrounds=write_backgrounds(folder / "backgrounds"),
        out=folder / "out",
        **SMALL,
    )
    run(config)
    return config


def test_the_layout(written: SimulateConfig) -> None:
    assert sorted(files(written.out)) == [
        *(f"c/00000{i}.png" for i in range(4)),
        *("camera.json", "clip.mp4", "clip_truth.mp4", "coefficients.json"),
        *(f"normals/00000{i}.png" for i in range(4)),
        "simulation.json",
        *(f"{folder}/00000{i}.png" for folder in ("truth", "v") for i in range(3)),
    ]
    assert read(written.out / "v" / "000000.png").shape == (SIZE_PX, SIZE_PX, 3)
    for name in ("clip.mp4", "clip_truth.mp4"):
        with av.open(str(written.out / name)) as container:
            stream = container.streams.video[0]
            assert (stream.codec_context.name, stream.average_rate) == ("h264", 30)
            assert len(list(container.decode(stream))) == 6


def test_the_records(written: SimulateConfig) -> None:
    coefficients = json.loads((written.out / "coefficients.json").read_text())
    assert [len(coefficients[key]) for key in ("v", "c", "clip")] == [3, 4, 6]
    assert coefficients["v"]["000001.png"].keys() == coefficients["clip"][0].keys()
    assert "eyeBlinkLeft" not in coefficients["clip"][0]  # the camera does not see it
    assert CameraProfile.load(written.out / "camera.json").viewpoint == scene.VIEWPOINT

    record = json.loads((written.out / "simulation.json").read_text())
    assert record["credits"] == ["made by the tests"]
    assert (record["config"]["seed"], record["size"]) == (7, SIZE_PX)
    assert len(record["avatar_sha256"]) == 64
    assert record["stills_per_session"] == 50
    x, y, width, height = record["mouth_px"]
    assert 0 < x < x + width < SIZE_PX
    assert 0 < y < y + height < SIZE_PX


def test_the_seed_decides_everything(written: SimulateConfig, tmp_path: Path) -> None:
    again, other = tmp_path / "again", tmp_path / "other"
    run(changed(written, out=again))
    run(changed(written, out=other, seed=8))
    first, different = files(written.out), files(other)
    assert files(again) == first
    for name, data in first.items():
        assert (data == different[name]) == (name == "camera.json"), name


def test_shorter_sessions_are_other_wearings_of_the_headset(
    written: SimulateConfig, tmp_path: Path
) -> None:
    run(changed(written, out=tmp_path, stills_per_session=2, c=0, clip=0.0))
    long, short = files(written.out), files(tmp_path)
    assert short["v/000001.png"] == long["v/000001.png"]
    assert short["v/000002.png"] != long["v/000002.png"], "the second session begins"
    assert short["truth/000002.png"] == long["truth/000002.png"]
    assert json.loads((tmp_path / "simulation.json").read_text())["stills_per_session"] == 2


def test_more_of_v_does_not_change_c(written: SimulateConfig, tmp_path: Path) -> None:
    run(changed(written, out=tmp_path, v=5, clip=0.0))
    few, many = files(written.out), files(tmp_path)
    for name in ("v/000002.png", "truth/000002.png", "c/000003.png"):
        assert few[name] == many[name]


def test_truth_is_c_with_the_expression_of_v_and_c_has_its_own(written: SimulateConfig) -> None:
    coefficients = json.loads((written.out / "coefficients.json").read_text())
    renderer = Renderer(Rig(Avatar.load(written.avatar)), (SIZE_PX, SIZE_PX))
    for domain, folder in (("v", "truth"), ("c", "c")):
        for name, face in coefficients[domain].items():
            drawn = renderer.render(face, Camera.at(scene.VIEWPOINT), scene.STUDIO)
            np.testing.assert_array_equal(drawn, read(written.out / folder / name))
    renderer.close()
    assert not any(face in coefficients["c"].values() for face in coefficients["v"].values())
    v, truth = (read(written.out / folder / "000000.png") for folder in ("v", "truth"))
    assert (v[0, 0] != truth[0, 0]).any()  # a background, against black


def test_a_full_folder_is_left_alone_until_told(egl: None, config: SimulateConfig) -> None:
    config.out.mkdir()
    mine = config.out / "mine.txt"
    mine.write_text("keep")
    with pytest.raises(BadData, match="not empty: choose another folder, or --overwrite"):
        run(config)
    with pytest.raises(BadData, match="so it is not overwritten"):
        run(changed(config, overwrite=True))
    mine.unlink()
    run(config)
    mine.write_text("keep")
    run(changed(config, overwrite=True, v=1, clip=0.0))
    assert mine.read_text() == "keep"
    assert len(list((config.out / "v").iterdir())) == 1
    assert not (config.out / "clip.mp4").exists()


def test_an_out_that_is_a_file(egl: None, config: SimulateConfig) -> None:
    config.out.write_text("a file")
    with pytest.raises(TrainError, match="cannot be written"):
        run(config)


def test_bad_input_leaves_no_folder_behind(config: SimulateConfig, tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("no avatar")
    with pytest.raises(BadAvatar):
        run(changed(config, avatar=notes))
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(BadData):
        run(changed(config, backgrounds=empty))
    assert not config.out.exists()


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"v": -1}, "--v must not be negative, got -1"),
        ({"c": -5}, "--c must not be negative, got -5"),
        ({"stills_per_session": 0}, "--stills-per-session takes 1 or more"),
        ({"seed": -5}, "--seed must not be negative"),
        ({"clip": float("nan")}, "--clip"),
        ({"clip": -1.0}, "--clip"),
        ({"size": 250}, "multiple of 4"),
        ({"size": 0}, "16..2048"),
        ({"v": 0, "c": 0, "clip": 0.0}, "nothing to render"),
    ],
)
def test_values_that_make_no_sense(
    config: SimulateConfig, values: dict[str, Any], says: str
) -> None:
    with pytest.raises(TrainError, match=says):
        changed(config, **values)


def test_ctrl_c_keeps_what_is_written(
    egl: None, config: SimulateConfig, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    shots = scene.still
    calls: Iterator[int] = iter(range(10))

    def interrupted(*arguments: Any) -> scene.Shot:
        if next(calls) == 2:
            raise KeyboardInterrupt
        return shots(*arguments)

    monkeypatch.setattr(command.scene, "still", interrupted)
    with pytest.raises(SystemExit) as caught:
        run(config)
    assert caught.value.code == 130
    assert "2 v with truth, 0 c, 0 frames of clip" in capsys.readouterr().err.replace("\n", " ")
    coefficients = json.loads((config.out / "coefficients.json").read_text())
    assert list(coefficients["v"]) == ["000000.png", "000001.png"]
    assert (config.out / "v" / "000001.png").exists()


def test_the_command_line(
    egl: None, config: SimulateConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["simulate", "--avatar", str(config.avatar), "--out", str(config.out), "--v", "1",
                 "--c", "1", "--size", "32", "--backgrounds"]  # fmt: skip
    main([*arguments, str(config.backgrounds)])
    assert len(files(config.out)) == 7
    with pytest.raises(SystemExit) as caught:
        main([*arguments, str(config.out / "absent")])
    assert caught.value.code == 1
    assert "absent is no folder" in capsys.readouterr().err
