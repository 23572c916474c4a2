"""Folders of images, decoded once, drawn in an order that the seed and the step decide."""

from pathlib import Path

import numpy as np
import pytest
import torch

from calibration.opencv import cv2
from tests.train.conftest import write_images
from train.data import ImageSet, read_image, to_float, to_uint8
from train.errors import BadData


def test_images_come_out_rgb_in_minus_one_to_one(tmp_path: Path) -> None:
    folder = tmp_path / "v"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        red = np.zeros((32, 32, 3), np.uint8)
        red[..., 2] = 255  # OpenCV writes BGR
        cv2.imwrite(str(folder / name), red)
    batch = ImageSet(folder, 32, tmp_path / "cache").batch(0, 2, seed=0)
    assert batch.shape == (2, 3, 32, 32)
    assert torch.equal(batch[:, 0], torch.ones(2, 32, 32))
    assert torch.equal(batch[:, 1:], -torch.ones(2, 2, 32, 32))


def test_bytes_survive_the_way_to_floats_and_back() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, axis=3)
    assert np.array_equal(to_uint8(to_float(levels)), levels)


def test_each_pass_shows_every_image_once_in_another_order(tmp_path: Path) -> None:
    images = ImageSet(write_images(tmp_path / "v", 6, seed=0), 32, tmp_path / "cache")
    draws = torch.cat([images.batch(step, 2, seed=5) for step in range(6)])
    keys = [float(image.double().sum()) for image in draws]
    assert sorted(keys[:6]) == sorted(keys[6:])
    assert len(set(keys[:6])) == 6
    assert keys[:6] != keys[6:]
    assert torch.equal(images.batch(4, 2, seed=5), draws[8:10])
    assert not torch.equal(images.batch(4, 2, seed=6), draws[8:10])


def test_a_changed_folder_is_decoded_again_and_an_unchanged_one_is_not(tmp_path: Path) -> None:
    folder, cache = write_images(tmp_path / "v", 3, seed=0), tmp_path / "cache"
    ImageSet(folder, 32, cache)
    ImageSet(folder, 32, cache)
    assert len(list(cache.iterdir())) == 1
    write_images(folder, 4, seed=1)
    assert len(ImageSet(folder, 32, cache)) == 4


def test_images_of_other_sizes_and_grey_ones_are_cropped_and_resized(tmp_path: Path) -> None:
    picture = np.zeros((40, 90), np.uint8)
    picture[:, 25:65] = 200  # the centred square
    cv2.imwrite(str(tmp_path / "grey.png"), picture)
    image = read_image(tmp_path / "grey.png", 32)
    assert image is not None
    assert image.shape == (32, 32, 3)
    assert (image == 200).all()


def test_a_truncated_file_is_left_out_and_listed(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "v", 3, seed=0)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    images = ImageSet(folder, 32, tmp_path / "cache")
    assert len(images) == 3
    assert images.unreadable == ["broken.jpg"]


@pytest.mark.parametrize(
    ("count", "message"), [(None, "is not a folder"), (0, "holds no images"), (1, "at least 2")]
)
def test_too_little_data_is_refused(tmp_path: Path, count: int | None, message: str) -> None:
    folder = tmp_path / "v"
    if count is not None:
        write_images(folder, count, seed=0)
    with pytest.raises(BadData, match=message):
        ImageSet(folder, 32, tmp_path / "cache")
