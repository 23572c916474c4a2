"""The tiny avatar as a file, a folder of backgrounds, and a skip where there is no EGL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from calibration.opencv import cv2
from tests.train.simulate.tiny_avatar import tiny_glb
from train.errors import TrainError
from train.simulate.avatar import Avatar
from train.simulate.renderer import Renderer
from train.simulate.rig import Rig

SIZE_PX = 64


@pytest.fixture
def avatar_path(tmp_path: Path) -> Path:
    return tiny_glb().save(tmp_path / "tiny.glb")


@pytest.fixture
def backgrounds(tmp_path: Path) -> Path:
    return write_backgrounds(tmp_path / "backgrounds")


def write_backgrounds(folder: Path) -> Path:
    folder.mkdir()
    for index, color in enumerate([(200, 60, 60), (60, 200, 60)]):
        image = np.full((48, 80, 3), color, np.uint8)
        image[::8] //= 2
        cv2.imwrite(str(folder / f"{index}.png"), image)
    return folder
    return folder


@pytest.fixture(scope="session")
def egl(tmp_path_factory: pytest.TempPathFactory) -> None:
    """For every test that draws."""
    avatar = tiny_glb().save(tmp_path_factory.mktemp("egl") / "tiny.glb")
    try:
        Renderer(Rig(Avatar.load(avatar)), (8, 8)).close()
    except TrainError as error:
        pytest.skip(str(error))


@pytest.fixture
def renderer(egl: None, avatar_path: Path) -> Iterator[Renderer]:
    renderer = Renderer(Rig(Avatar.load(avatar_path)), (SIZE_PX, SIZE_PX))
    yield renderer
    renderer.close()
