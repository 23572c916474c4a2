"""`python -m train renders`: its files, what they cover, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from calibration.opencv import cv2
from calibration.profile import CameraProfile, Viewpoint
from tests.train.simulate.conftest import egl  # noqa: F401
from tests.train.simulate.other_avatar import other_glb
from train.__main__ import main
from train.data import open_source
from train.errors import BadData

COUNT = 44


@pytest.fixture
def setup(tmp_path: Path) -> Path:
    """A folder with an avatar and a profile."""
    other_glb().save(tmp_path / "my.vrm")
    viewpoint = Viewpoint(
        position_m=(0.0, -0.01, 0.1), look_at_m=(0.0, -0.01, 0.0), vertical_fov_deg=60
    )
    CameraProfile(camera="mine", viewpoint=viewpoint).save(tmp_path / "cam.json")
    return tmp_path


def renders(folder: Path, *more: object) -> None:
    main(["renders", "--avatar", str(folder / "my.vrm"), "--profile", str(folder / "cam.json"),
          "--count", str(COUNT), "--out", str(folder / "out"), "--size", "32",
          *map(str, more)])  # fmt: skip


@pytest.mark.usefixtures("egl")
def test_every_blendshape_of_the_lower_face_is_seen_whole(setup: Path) -> None:
    renders(setup)
    out = setup / "out"
    assert open_source(out / "c").count() == open_source(out / "normals").count() == COUNT
    faces = json.loads((out / "coefficients.json").read_text())["c"]
    assert list(faces) == sorted(path.name for path in (out / "c").iterdir())
    record = json.loads((out / "renders.json").read_text())
    assert len(record["most"]) == 9  # of ten: blinking is none of the lower face
    assert set(record["most"].values()) == {1.0}
    assert record["credits"] == ["made by the tests"]
    for name in list(faces)[:3]:  # which way the avatar faces is known where it is seen
        render, normals = (cv2.imread(str(out / kind / name)) for kind in ("c", "normals"))
        assert render is not None
        assert normals is not None
        grey = (normals == 128).all(axis=2)
        assert (grey == (render == 0).all(axis=2)).mean() > 0.9
        assert 0.05 < grey.mean() < 0.95
    sheet = cv2.imread(str(out / "overview" / "contact.png"))
    assert sheet is not None
    assert sheet.shape == (5 * 128, 8 * 128, 3)
    assert CameraProfile.load(out / "camera.json") == CameraProfile.load(setup / "cam.json")
    with pytest.raises(BadData, match="holds no images"):  # the sheet is not taken for domain C
        open_source(out)


@pytest.mark.usefixtures("egl")
def test_the_same_seed_gives_the_same_pictures(
    setup: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    renders(setup, "--count", 3)
    first = [path.read_bytes() for path in sorted((setup / "out" / "c").iterdir())]
    with pytest.raises(SystemExit):
        renders(setup, "--count", 3)
    assert "is not empty: choose another folder, or --overwrite" in capsys.readouterr().err
    (setup / "out" / "mine.txt").write_text("stays")
    renders(setup, "--count", 3, "--overwrite")
    assert [path.read_bytes() for path in sorted((setup / "out" / "c").iterdir())] == first
    assert (setup / "out" / "mine.txt").exists()
    assert len({np.frombuffer(data, np.uint8).tobytes() for data in first}) == 3


def test_what_is_missing_is_said_in_one_line(
    setup: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    CameraProfile(camera="mine").save(setup / "cam.json")
    for more, message in (
        ((), "has no viewpoint: run python -m calibration viewpoint"),
        (("--profile", setup / "none.json"), "cannot read camera profile"),
        (("--count", 0), "--count 0: give 1 or more"),
    ):
        with pytest.raises(SystemExit):
            renders(setup, *more)
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1
    assert not (setup / "out").exists()
