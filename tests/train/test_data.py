"""`ImageSet`: decoded once, drawn in an order and with crops that the seed and the step decide."""

from __future__ import annotations

import errno
import os
import resource
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch

from calibration.opencv import cv2
from tests.train.conftest import write_images
from train.data import ImageSet, cache, to_float, to_uint8
from train.errors import BadData, TrainError


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


def test_jitter_takes_crops_of_larger_pictures_that_seed_and_step_decide(tmp_path: Path) -> None:
    folder = tmp_path / "v"
    folder.mkdir()
    rows, columns = np.mgrid[:36, :36].astype(np.uint8)
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(folder / name), np.dstack([rows * 0, columns, rows]))  # red: the row
    images = ImageSet(folder, 32, tmp_path / "cache", jitter_px=4)
    assert images.images.shape == (2, 32, 32, 3)
    assert tuple(images.images[0, 0, 0]) == (2, 2, 0)
    shown = to_uint8(torch.cat([images.batch(step, 2, seed=1) for step in range(100)]))
    corners = {tuple(corner) for corner in shown[:, 0, 0, :2]}
    assert corners == {(top, left) for top in range(5) for left in range(5)}
    assert (shown[:, -1, -1, :2] - shown[:, 0, 0, :2] == 31).all()
    assert torch.equal(images.batch(7, 2, seed=1), to_float(shown[14:16]))


def test_a_changed_folder_is_decoded_again_and_an_unchanged_one_is_not(tmp_path: Path) -> None:
    folder, kept_in = write_images(tmp_path / "v", 3, seed=0), tmp_path / "cache"
    first = ImageSet(folder, 32, kept_in)
    again = ImageSet(folder, 32, kept_in)
    assert len(list(kept_in.glob("v-*"))) == 1
    assert again.key == first.key
    write_images(folder, 4, seed=1)
    changed = ImageSet(folder, 32, kept_in)
    assert len(changed) == 4
    assert changed.key != first.key


def test_what_was_left_out_is_still_known_when_the_cache_is_used_again(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "v", 3, seed=0)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    for _ in range(2):
        images = ImageSet(folder, 32, tmp_path / "cache")
        assert len(images) == 3
        assert images.unreadable == ["broken.jpg"]
        assert images.notes == ["left out 1 unreadable: broken.jpg (truncated)"]


def test_mixed_sizes_are_used_and_counted(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "v", 3, seed=0)
    cv2.imwrite(str(folder / "small.png"), np.zeros((20, 20, 3), np.uint8))
    cv2.imwrite(str(folder / "wide.png"), np.zeros((40, 90, 3), np.uint8))
    images = ImageSet(folder, 32, tmp_path / "cache")
    assert len(images) == 5
    assert images.notes == [
        "3 sizes: 3 of 32x32, 1 of 20x20, 1 of 90x40",
        "1 not square: their largest centred square is used",
        "1 smaller than 32 pixels: enlarged, so they are blurred",
    ]


def test_a_damaged_cache_is_written_again(tmp_path: Path) -> None:
    folder, kept_in = write_images(tmp_path / "v", 3, seed=0), tmp_path / "cache"
    before = np.array(ImageSet(folder, 32, kept_in).images)
    (kept,) = kept_in.glob("*/images.npy")
    os.truncate(kept, 5000)
    assert np.array_equal(ImageSet(folder, 32, kept_in).images, before)


@pytest.mark.parametrize(
    ("count", "message"),
    [(None, "is not a folder"), (0, "there is nothing in it"), (1, "at least 2")],
)
def test_too_little_data_is_refused(tmp_path: Path, count: int | None, message: str) -> None:
    folder = tmp_path / "v"
    if count is not None:
        write_images(folder, count, seed=0)
    with pytest.raises(BadData, match=message):
        ImageSet(folder, 32, tmp_path / "cache")


def test_a_folder_of_nothing_but_damage_says_what_is_wrong_with_the_first(tmp_path: Path) -> None:
    folder = tmp_path / "v"
    folder.mkdir()
    (folder / "a.png").touch()
    (folder / "b.png").write_text("no picture")
    message = r"none of 2 images can be decoded; the first, a\.png: empty file"
    with pytest.raises(BadData, match=message):
        ImageSet(folder, 32, tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*v-*"))


@pytest.mark.parametrize(
    ("size", "jitter_px", "message"), [(30, 0, "multiple of 4, got 30"), (32, -1, "got -1")]
)
def test_impossible_sizes_are_refused(
    tmp_path: Path, size: int, jitter_px: int, message: str
) -> None:
    folder = write_images(tmp_path / "v", 2, seed=0)
    with pytest.raises(BadData, match=message):
        ImageSet(folder, size, tmp_path / "cache", jitter_px)


@contextmanager
def _largest_file(size: int) -> Iterator[None]:
    """The system refuses to let a file grow further, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def test_a_full_disk_is_one_line_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    folder, kept_in = write_images(tmp_path / "v", 20, seed=0), tmp_path / "cache"
    with _largest_file(30_000):
        with pytest.raises(TrainError) as error:
            ImageSet(folder, 32, kept_in)
    assert os.strerror(errno.EFBIG) in str(error.value)
    assert "\n" not in str(error.value)
    assert [path.name for path in kept_in.iterdir() if path.name != ".lock"] == []
    assert len(ImageSet(folder, 32, kept_in)) == 20


def test_those_who_share_a_cache_decode_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads here; the lock is a file's, and tells no thread from a process."""
    folder = write_images(tmp_path / "v", 40, seed=0, size=128)
    decoded = []
    real = cache.decode_all
    monkeypatch.setattr(cache, "decode_all", lambda *of: (decoded.append(of), real(*of))[1])
    with ThreadPoolExecutor(3) as pool:
        sets = list(pool.map(lambda _: ImageSet(folder, 128, tmp_path / "cache"), range(3)))
    assert [len(images) for images in sets] == [40, 40, 40]
    assert len(decoded) == 1
