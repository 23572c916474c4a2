"""Figures of one picture mean what they say."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.opencv import cv2
from tests.train.check.pictures import scene
from train.check.measure import measure, sharpness


def luma(seed: int = 0) -> np.ndarray:
    return np.asarray(cv2.cvtColor(scene(seed, 256), cv2.COLOR_RGB2GRAY), np.uint8)


def test_figures_of_known_pictures() -> None:
    image = np.zeros((64, 64, 3), np.uint8)
    image[:, 32:] = 255
    seen = measure(image, (80, 64))
    assert seen.size_px == (80, 64)
    assert seen.brightness == pytest.approx(127.5)
    assert seen.contrast == pytest.approx(127.5)
    assert seen.burnt == pytest.approx(0.5)
    assert seen.colour == 0
    assert seen.histogram.sum(axis=1) == pytest.approx([1, 1, 1])
    assert seen.histogram[0, [0, -1]].tolist() == [0.5, 0.5]
    image[..., 2] = 0
    assert measure(image, (64, 64)).colour == pytest.approx(127.5)


def test_the_more_blurred_the_less_sharp() -> None:
    found = [sharpness(luma())]
    found += [sharpness(cv2.GaussianBlur(luma(), (0, 0), sigma)) for sigma in (2, 4, 8)]
    assert found == sorted(found, reverse=True)
    assert found[0] > found[-1] + 0.3


def test_blur_along_one_direction_alone_is_seen() -> None:
    for box in ((25, 1), (1, 25)):
        assert sharpness(cv2.blur(luma(), box)) < sharpness(luma()) - 0.2


def test_less_light_and_contrast_is_no_blur() -> None:
    assert sharpness((luma() * 0.5).astype(np.uint8)) == pytest.approx(sharpness(luma()), abs=0.08)
    assert sharpness(np.full((64, 64), 7, np.uint8)) == 1
