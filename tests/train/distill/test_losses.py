"""Haar's bands, and what a student is to lower."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from train.distill.config import DistillWeights
from train.distill.losses import detail_bands, likeness, psnr_db


def noise(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_the_bands_and_the_last_mean_hold_all_that_the_picture_holds() -> None:
    """Orthonormal: sums of squares agree, with the mean of each block of 2^levels beside them."""
    image = noise(2, 3, 16, 8).double()
    bands = detail_bands(image, 3)
    assert [tuple(b.shape) for b in bands] == [(2, 9, 8, 4), (2, 9, 4, 2), (2, 9, 2, 1)]
    means = torch.nn.functional.avg_pool2d(image, 8) * 8
    total = sum(b.square().sum() for b in bands) + means.square().sum()
    torch.testing.assert_close(total, image.square().sum())


def test_each_octave_finds_stripes_of_its_own_width_and_no_others() -> None:
    for octave in range(3):
        stripes = (torch.arange(16) // 2**octave % 2 * 2 - 1).float().expand(1, 1, 16, 16)
        found = [float(b.abs().sum()) for b in detail_bands(stripes, 3)]
        assert [size > 0 for size in found] == [k == octave for k in range(3)]
        along_x = detail_bands(stripes, 3)[octave][:, 0]
        assert along_x.abs().sum() == pytest.approx(found[octave]), "no difference along y"


def test_the_bands_do_not_see_a_flat_change() -> None:
    image = noise(1, 3, 8, 8)
    for a, b in zip(detail_bands(image, 2), detail_bands(image + 0.25, 2), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-6)


def test_what_is_lowered_is_pixels_and_detail_and_what_the_judge_says() -> None:
    v, picture = noise(2, 3, 8, 8), noise(2, 3, 8, 8).flip(0)
    student = nn.Conv2d(3, 3, 1)
    judge = nn.Conv2d(3, 1, 1)
    plain = likeness(student, (), v, picture, DistillWeights(detail=2))
    torch.testing.assert_close(
        plain.loss.detach(), plain.parts["l_teacher"] + 2 * plain.parts["l_detail"]
    )
    assert plain.parts.keys() == {"l_teacher", "l_detail", "psnr_db"}
    judged = likeness(student, (judge,), v, picture, DistillWeights(detail=2, gan_weight=3))
    assert judged.parts["gan_c"] == (judge(student(v)) - 1).square().mean()
    torch.testing.assert_close(judged.loss, plain.loss + 3 * judged.parts["gan_c"])
    assert not judged.fake.requires_grad


def test_psnr_is_finite_for_equal_pictures_and_does_not_look_beyond_the_range() -> None:
    picture = noise(1, 3, 4, 4)
    assert float(psnr_db(picture, picture)) == pytest.approx(106, abs=0.1)
    white = torch.ones(1, 3, 4, 4)
    assert psnr_db(white + 1, white) == psnr_db(white, white)
    assert float(psnr_db(white - 0.2, white)) == pytest.approx(20, abs=1e-3)
