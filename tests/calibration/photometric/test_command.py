"""`python -m calibration photometric`: levels of a card, of the dark, and of a session."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from calibration.__main__ import main
from calibration.images import write_image
from calibration.profile import CameraProfile, View
from tests.calibration.simulated import write_clip
from tests.calibration.test_levels import session

CARD = (104.0, 84.0, 64.0)
BLACK = 16.0


def plain(
    colour: Iterable[float], noise: float = 2.0, size: tuple[int, int] = (96, 128)
) -> np.ndarray:
    rng = np.random.default_rng(0)
    values = np.array(tuple(colour)) + rng.normal(0, noise, (*size, 3))
    return np.clip(values, 0, 255).astype(np.uint8)


def folder(path: Path, images: Iterable[np.ndarray]) -> Path:
    path.mkdir()
    for index, image in enumerate(images):
        write_image(path / f"{index:03d}.png", image)
    return path


def run(*arguments: object) -> None:
    main(["photometric", *map(str, arguments)])


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    with pytest.raises(SystemExit) as ending:
        run(*arguments)
    assert ending.value.code == 1
    return capsys.readouterr().err


def test_black_white_and_gain_come_from_the_dark_and_a_card(tmp_path: Path) -> None:
    path = tmp_path / "cam.json"
    dark = folder(tmp_path / "dark", [plain([BLACK] * 3)] * 2)
    card = folder(tmp_path / "card", [plain(np.array(CARD) + BLACK)] * 2)
    run("--profile", path, "--dark", dark, "--grey", card, "--level", 118)
    found = CameraProfile.load(path).photometric
    assert found is not None
    assert found.black_level == pytest.approx(15.5, abs=0.2)  # noise is cut off, not rounded
    np.testing.assert_allclose(found.white_balance, (84 / 104, 1, 84 / 64), rtol=0.01)
    assert found.gain == pytest.approx(118 / 84, rel=0.01)

    run("--profile", path, "--dark", folder(tmp_path / "darker", [plain([3.0] * 3)]))
    after = CameraProfile.load(path).photometric
    assert after is not None
    assert after.white_balance == found.white_balance


@pytest.mark.parametrize(
    ("flag", "image", "message"),
    [
        ("--dark", plain([90.0] * 3), "a covered lens gives a level below 48, got 90"),
        ("--grey", plain([253.0] * 3), "of the card is overexposed"),
        ("--grey", plain([20.0] * 3), "levels above black, 24 are needed"),
        ("--grey", plain([200.0, 120.0, 40.0]), "that is no neutral card"),
        ("--grey", np.tile(np.arange(0, 256, 2, np.uint8)[:, None], (96, 1, 3)), "is uneven by"),
    ],
)
def test_what_is_no_covered_lens_or_no_card_is_refused(
    flag: str, image: np.ndarray, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_image(tmp_path / "it.png", image)
    error = refused(capsys, "--profile", tmp_path / "cam.json", flag, tmp_path / "it.png")
    assert message in error
    assert not (tmp_path / "cam.json").exists()


def test_drift_is_told_from_no_drift(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cam.json"
    training = folder(tmp_path / "training", session())
    run("--profile", path, "--reference", training)
    stored = CameraProfile.load(path).photometric
    assert stored is not None
    assert stored.stats is not None
    assert stored.stats.pictures == 24
    capsys.readouterr()

    same = write_clip(tmp_path / "same.avi", session(seed=1))
    run("--profile", path, "--drift", same)
    assert "no drift to speak of" in capsys.readouterr().out

    dark = folder(tmp_path / "dark", [(image * 0.6).astype(np.uint8) for image in session(seed=1)])
    run("--profile", path, "--drift", dark)
    assert "the picture is darker than in training" in capsys.readouterr().out
    assert CameraProfile.load(path).photometric == stored


def test_drift_needs_something_to_compare_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_image(tmp_path / "it.png", plain([90.0] * 3))
    error = refused(capsys, "--profile", tmp_path / "cam.json", "--drift", tmp_path / "it.png")
    assert "holds no levels to compare with" in error


def test_the_models_view_is_what_is_measured_at_any_resolution(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The lower right of the picture is the card; all else is another colour."""
    path = tmp_path / "cam.json"
    CameraProfile(camera="mine", view=View(roi_px=(64, 48, 64, 48), size_px=(128, 96))).save(path)
    image = np.zeros((192, 256, 3), np.uint8)
    image[:] = (200, 0, 0)
    image[96:, 128:] = plain([100.0] * 3, size=(96, 128))
    write_image(tmp_path / "it.png", image)
    run("--profile", path, "--grey", tmp_path / "it.png")
    assert "scaled from 128x96 to 256x192" in capsys.readouterr().out
    found = CameraProfile.load(path).photometric
    assert found is not None
    np.testing.assert_allclose(found.white_balance, (1, 1, 1), atol=0.01)
