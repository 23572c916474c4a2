"""Every kind of image file becomes 8-bit RGB; one that cannot be trusted is refused."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from calibration.opencv import cv2
from tests.train.conftest import write_images
from train.data import read_image
from train.data.pixels import Undecodable, decode_file


def test_grey_and_other_shapes_are_cropped_and_resized(tmp_path: Path) -> None:
    picture = np.zeros((40, 90), np.uint8)
    picture[:, 25:65] = 200  # the centred square
    cv2.imwrite(str(tmp_path / "grey.png"), picture)
    image = read_image(tmp_path / "grey.png", 32)
    assert image is not None
    assert image.shape == (32, 32, 3)
    assert (image == 200).all()


def test_16_bits_become_8(tmp_path: Path) -> None:
    levels = np.array([[0, 128, 129, 257, 32896, 65406, 65407, 65535]], np.uint16)
    cv2.imwrite(str(tmp_path / "grey.png"), levels)
    assert decode_file(tmp_path / "grey.png")[0, :, 0].tolist() == [0, 0, 1, 1, 128, 254, 255, 255]
    cv2.imwrite(str(tmp_path / "colour.png"), np.dstack([levels * 0, levels * 0, levels]))
    assert decode_file(tmp_path / "colour.png")[0, 4].tolist() == [128, 0, 0]


def test_what_is_transparent_is_shown_on_black(tmp_path: Path) -> None:
    bgra = np.array([[[10, 20, 250, 255], [10, 20, 250, 128], [10, 20, 250, 0]]], np.uint8)
    cv2.imwrite(str(tmp_path / "render.png"), bgra)
    assert decode_file(tmp_path / "render.png")[0].tolist() == [
        [250, 20, 10],
        [125, 10, 5],
        [0, 0, 0],
    ]


def test_a_jpeg_is_turned_as_its_exif_says(tmp_path: Path) -> None:
    _, jpeg = cv2.imencode(".jpg", np.zeros((20, 40, 3), np.uint8))
    ifd = b"\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00"  # turn right
    exif = b"Exif\x00\x00II*\x00\x08\x00\x00\x00" + ifd
    head = b"\xff\xd8\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    (tmp_path / "photo.jpg").write_bytes(head + jpeg.tobytes()[2:])
    assert decode_file(tmp_path / "photo.jpg").shape == (40, 20, 3)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".bmp"])
@pytest.mark.parametrize("part", [0.5, 0.98])
def test_a_truncated_file_is_refused(tmp_path: Path, suffix: str, part: float) -> None:
    path = tmp_path / f"picture{suffix}"
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))
    assert decode_file(path).shape == (64, 64, 3)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(Undecodable):
        decode_file(path)


def test_a_thumbnails_end_is_not_taken_for_the_pictures(tmp_path: Path) -> None:
    _, jpeg = cv2.imencode(".jpg", np.zeros((64, 64, 3), np.uint8))
    thumbnail = b"\xff\xd8 a small picture \xff\xd9"
    head = b"\xff\xd8\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    path = tmp_path / "photo.jpg"
    path.write_bytes(head + jpeg.tobytes()[2:])
    assert decode_file(path).shape == (64, 64, 3)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(Undecodable, match="truncated"):
        decode_file(path)


@pytest.mark.parametrize(
    ("content", "reason"), [(b"", "empty file"), (b"not a picture at all", "not an image")]
)
def test_what_is_no_image_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(Undecodable, match=reason):
        decode_file(tmp_path / "x.png")
    assert read_image(tmp_path / "x.png", 32) is None


@contextmanager
def _ordinary_user() -> Iterator[None]:
    """Root reads everything; the tests may run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_that_may_not_be_read_is_refused() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = write_images(Path(name), 1, seed=0)
        folder.chmod(0o755)
        (folder / "000.png").chmod(0o000)
        with _ordinary_user(), pytest.raises(Undecodable, match="Permission denied"):
            decode_file(folder / "000.png")
