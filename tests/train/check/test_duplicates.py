"""Near-duplicates are found, and what merely looks alike is not."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.opencv import cv2
from tests.train.check.pictures import Image, scene
from tests.train.faces import draw
from train.check.duplicates import group, near, points, shared
from train.check.measure import FINGERPRINT_SIDE, measure


def fingerprints(images: list[Image]) -> np.ndarray:
    return np.stack([measure(image, (96, 96)).fingerprint for image in images])


def jpeg(image: Image, quality: int) -> Image:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


ALTERED = {
    "itself": lambda image: image,
    "re-encoded": lambda image: jpeg(image, 50),
    "smaller": lambda image: cv2.resize(image, (48, 48), interpolation=cv2.INTER_AREA),
    "darker": lambda image: (image * 0.6).astype(np.uint8),
    "noisy": lambda image: np.clip(
        image + np.random.default_rng(0).normal(0, 5, image.shape), 0, 255
    ).astype(np.uint8),
}


@pytest.mark.parametrize("how", ALTERED)
def test_the_same_picture_again_is_found(how: str) -> None:
    images = [scene(seed) for seed in range(30)]
    images += [np.asarray(ALTERED[how](image), np.uint8) for image in images[10:15]]
    found = points(fingerprints(images))
    groups = group(found, near(found))
    assert sorted(groups.groups) == [[10 + k, 30 + k] for k in range(5)]
    assert (groups.redundant, groups.distinct) == (5, 30)


def test_mirrored_and_shifted_pictures_are_others() -> None:
    images = [scene(seed) for seed in range(30)]
    others = [np.ascontiguousarray(images[0][:, ::-1]), np.roll(images[1], 8, axis=0)]
    found = points(fingerprints(images + others))
    assert group(found, near(found)).groups == []


def test_expressions_of_one_face_are_not_taken_for_each_other() -> None:
    """All of these are far closer to each other than any two photographs."""
    faces = [draw(jaw, 0.5) for jaw in np.linspace(0, 1, 6)]
    found = points(fingerprints([*faces, faces[2]]))
    assert group(found, near(found)).groups == [[2, 6]]


def test_a_slow_change_is_not_one_group() -> None:
    """Each is near the next; the first and the last are not alike."""
    turn = np.linspace(0, np.pi / 2, 50)[:, None]
    ends = np.eye(2, FINGERPRINT_SIDE**2, dtype=np.float32)
    steps = np.asarray(np.cos(turn) * ends[0] + np.sin(turn) * ends[1], np.float32)
    groups = group(steps, within=0.1).groups
    assert len(groups) > 10
    assert max(map(len, groups)) <= 4


def test_flat_pictures_are_alike_and_their_noise_is_not_magnified() -> None:
    rng = np.random.default_rng(0)
    flat = 80 + rng.integers(0, 2, (5, FINGERPRINT_SIDE, FINGERPRINT_SIDE), dtype=np.uint8)
    found = points(flat)
    assert np.linalg.norm(found, axis=1).max() < 0.5
    assert near(found[:1]) > 0


def test_groups_reach_over_blocks() -> None:
    images = np.random.default_rng(0).integers(0, 256, (1300, 16, 16), dtype=np.uint8)
    images[[700, 1299]] = images[3]
    found = points(images)
    assert group(found, near(found)).groups == [[3, 700, 1299]]


def test_pictures_that_two_sets_share_are_named_from_both_sides() -> None:
    ours = points(fingerprints([scene(seed) for seed in range(20)]))
    theirs = points(fingerprints([scene(seed) for seed in (50, 7, 51, 3)]))
    assert shared(ours, theirs, near(ours)) == [(7, 1), (3, 3)]
