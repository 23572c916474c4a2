"""L1, PSNR and SSIM against known values."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from train.evaluate.bootstrap import Bootstrap
from train.evaluate.fidelity import C1, fidelity, ssim_map

BOOTSTRAP = Bootstrap(np.arange(2), seed=0)


def patterns() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    y, x = np.mgrid[0:32, 0:40]
    a = np.stack([x * 6, y * 8, (x * y) % 256], -1).astype(np.uint8)
    b = np.stack([x * 6, 255 - y * 8, (x * y + 40) % 256], -1).astype(np.uint8)
    return a, b


def test_errors_are_on_the_scale_of_minus_one_to_one() -> None:
    truth = np.zeros((2, 16, 16, 3), np.uint8)
    got = truth.copy()
    got[:, :8, :8] = 51  # 0.4 of 2
    figures = fidelity(got, truth, (slice(0, 8), slice(0, 16)), BOOTSTRAP)
    assert figures["l1"].value == pytest.approx(0.1)
    assert figures["mouth_l1"].value == pytest.approx(0.2)
    assert figures["psnr_db"].value == pytest.approx(10 * np.log10(4 / 0.04))
    assert figures["mouth_psnr_db"].value == pytest.approx(10 * np.log10(4 / 0.08))


def test_ssim_is_that_of_scikit_image() -> None:
    """structural_similarity(a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
    data_range=255, channel_axis=-1, full=True) of scikit-image 0.26: the mean, and one place."""
    found = ssim_map(*patterns())
    assert found.shape == (22, 30)
    assert found.mean() == pytest.approx(0.2742699900329, abs=1e-9)
    assert found[3, 4] == pytest.approx(0.5037431973545, abs=1e-9)


def test_ssim_of_flat_images_is_that_of_their_brightness() -> None:
    a, b = (np.full((16, 16, 3), level, np.uint8) for level in (100, 150))
    expected = (2 * 100 * 150 + C1) / (100**2 + 150**2 + C1)
    np.testing.assert_allclose(ssim_map(a, b), expected, atol=1e-9)


def test_the_mouth_is_measured_apart() -> None:
    a, b = patterns()
    truth, got = np.stack([a, a]), np.stack([a, a])
    got[:, :, 20:] = b[:, 20:]
    left = fidelity(got, truth, (slice(6, 26), slice(6, 14)), BOOTSTRAP)
    right = fidelity(got, truth, (slice(6, 26), slice(26, 36)), BOOTSTRAP)
    assert left["mouth_l1"].value == 0
    assert left["mouth_ssim"].value == pytest.approx(1)
    assert right["mouth_l1"].value > 0.1
    assert right["mouth_ssim"].value < 0.5
    assert left["ssim"].value == right["ssim"].value
