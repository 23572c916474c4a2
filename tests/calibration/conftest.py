"""Pictures of a board through two lenses, taken once for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from calibration.images import write_image
from tests.calibration.simulated import BOARD, FISHEYE, PINHOLE, BoardCamera, board_poses

VIEWS = 16


@pytest.fixture(scope="session")
def board_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Lens model -> a folder of 16 pictures, 00.png ..."""
    folders = {}
    for lens in (PINHOLE, FISHEYE):
        folder = tmp_path_factory.mktemp(lens.model)
        camera = BoardCamera(lens, BOARD)
        for index, pose in enumerate(board_poses(lens, BOARD, VIEWS)):
            write_image(folder / f"{index:02d}.png", camera.picture(pose)[..., 0])
        folders[lens.model] = folder
    return folders
